// A map from handles to the layer's own objects that is read without a lock.
//
// A key is a 64-bit value and its owner: drivers may give handles of two devices the same value. The table
// does not own the objects. find() from any thread, at any time; insert() and erase() take a mutex. As
// everywhere in Vulkan the program makes sure that nobody looks for a key while it is erased. Tables that
// were outgrown are kept, since someone may still be reading them: a fraction of the table in use. Starts
// usable, before any constructor ran.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

namespace reprise::capture {

template <class T>
class HandleTable {
 public:
  constexpr HandleTable() = default;
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  [[gnu::always_inline]] T* find(uint64_t key, uint64_t owner = 0) const {
    const Table& table = *table_.load(std::memory_order_acquire);
    for (size_t i = place(table, key);; i = (i + 1) & table.mask) {
      const Slot& slot = table.slots[i];
      const uint64_t found = slot.key.load(std::memory_order_acquire);
      if (found == key) [[likely]] {
        const uint64_t found_owner = slot.owner.load(std::memory_order_acquire);
        T* value = slot.value.load(std::memory_order_acquire);
        // Read again: the slot may have been another owner's and passed to a new key meanwhile.
        if (found_owner == owner && slot.key.load(std::memory_order_relaxed) == key) [[likely]]
          return value;
      } else if (found == kEmpty) {
        return nullptr;
      }
    }
  }

  // False if there is no memory. The key is not there yet.
  bool insert(uint64_t key, uint64_t owner, T* value) {
    const std::lock_guard lock(mutex_);
    if ((used_ + 1) * 4 > (table_.load(std::memory_order_relaxed)->mask + 1) * 3 && !grow()) return false;
    put(*table_.load(std::memory_order_relaxed), key, owner, value);
    ++live_;
    return true;
  }

  // What stood there, or null.
  T* erase(uint64_t key, uint64_t owner = 0) {
    const std::lock_guard lock(mutex_);
    Table& table = *table_.load(std::memory_order_relaxed);
    for (size_t i = place(table, key);; i = (i + 1) & table.mask) {
      Slot& slot = table.slots[i];
      const uint64_t found = slot.key.load(std::memory_order_relaxed);
      if (found == kEmpty) return nullptr;
      if (found != key || slot.owner.load(std::memory_order_relaxed) != owner) continue;
      slot.key.store(kErased, std::memory_order_release);
      --live_;
      return slot.value.load(std::memory_order_relaxed);
    }
  }

  // Erases all of an owner; f(T*) is told of each.
  template <class F>
  void eraseAll(uint64_t owner, F&& f) {
    const std::lock_guard lock(mutex_);
    Table& table = *table_.load(std::memory_order_relaxed);
    for (size_t i = 0; i <= table.mask; ++i) {
      Slot& slot = table.slots[i];
      const uint64_t key = slot.key.load(std::memory_order_relaxed);
      if (key == kEmpty || key == kErased || slot.owner.load(std::memory_order_relaxed) != owner) continue;
      slot.key.store(kErased, std::memory_order_release);
      --live_;
      f(slot.value.load(std::memory_order_relaxed));
    }
  }

 private:
  static constexpr uint64_t kEmpty = 0;
  static constexpr uint64_t kErased = ~uint64_t{0};
  static constexpr size_t kFirstSlots = 64;

  struct Slot {
    std::atomic<uint64_t> key{kEmpty};
    std::atomic<uint64_t> owner{0};
    std::atomic<T*> value{nullptr};
  };
  struct Table {
    Slot* slots;
    size_t mask;
    Table* outgrown;
  };

  static size_t place(const Table& table, uint64_t key) {
    return ((key * 0x9e3779b97f4a7c15u) >> 32) & table.mask;
  }

  void put(Table& table, uint64_t key, uint64_t owner, T* value) {
    size_t i = place(table, key);
    uint64_t found;
    while ((found = table.slots[i].key.load(std::memory_order_relaxed)) != kEmpty && found != kErased)
      i = (i + 1) & table.mask;
    if (found == kEmpty) ++used_;
    Slot& slot = table.slots[i];
    slot.owner.store(owner, std::memory_order_release);
    slot.value.store(value, std::memory_order_release);
    slot.key.store(key, std::memory_order_release);
  }

  bool grow() {
    Table* old = table_.load(std::memory_order_relaxed);
    size_t slots = kFirstSlots;
    while (slots < (live_ + 1) * 4) slots *= 2;
    auto* table = new (std::nothrow) Table{new (std::nothrow) Slot[slots], slots - 1, old};
    if (table == nullptr || table->slots == nullptr) {
      delete table;
      return false;
    }
    used_ = 0;
    for (size_t i = 0; i <= old->mask; ++i) {
      const Slot& slot = old->slots[i];
      const uint64_t key = slot.key.load(std::memory_order_relaxed);
      if (key != kEmpty && key != kErased)
        put(*table, key, slot.owner.load(std::memory_order_relaxed),
            slot.value.load(std::memory_order_relaxed));
    }
    table_.store(table, std::memory_order_release);
    return true;
  }

  Slot first_slots_[kFirstSlots];
  Table first_table_{first_slots_, kFirstSlots - 1, nullptr};
  std::atomic<Table*> table_{&first_table_};
  std::mutex mutex_;
  size_t live_ = 0;
  size_t used_ = 0;  // slots that are not empty
};

}  // namespace reprise::capture
