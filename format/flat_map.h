// A hash table in one array, for keys that are looked up with every call.
//
// Key is a trivially copyable type with == and a hash() that spreads over all 64 bits; Value is moved about,
// and cheap to move. Open addressing with linear probing; at most half of the places are taken, and erase()
// closes the gap, so that a lookup ends at the first free place however long the table has lived. Pointers
// into it are valid until the next insertion or erasure. Single-threaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace reprise {

template <class Key, class Value>
class FlatMap {
 public:
  FlatMap() : slots_(kSmallest) {}

  // Null if there is none.
  Value* find(const Key& key) { return const_cast<Value*>(std::as_const(*this).find(key)); }
  const Value* find(const Key& key) const {
    const Slot& slot = slots_[placeOf(key)];
    return slot.used ? &slot.value : nullptr;
  }

  // The key's value, made where there was none.
  Value& operator[](const Key& key) {
    size_t at = placeOf(key);
    if (!slots_[at].used) {
      if ((size_ + 1) * 2 > slots_.size()) {
        grow();
        at = placeOf(key);
      }
      slots_[at].key = key;
      slots_[at].used = true;
      ++size_;
    }
    return slots_[at].value;
  }

  bool erase(const Key& key) {
    size_t hole = placeOf(key);
    if (!slots_[hole].used) return false;
    // What was pushed past the hole by a collision moves back into it.
    for (size_t at = next(hole); slots_[at].used; at = next(at)) {
      const size_t home = homeOf(slots_[at].key);
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
    slots_[hole] = Slot();
    --size_;
    return true;
  }

  void clear() {
    slots_.assign(kSmallest, Slot());
    size_ = 0;
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr size_t kSmallest = 64;  // a power of two, as every size
  struct Slot {
    Key key{};
    Value value{};
    bool used = false;
  };

  size_t mask() const { return slots_.size() - 1; }
  size_t next(size_t at) const { return (at + 1) & mask(); }
  size_t homeOf(const Key& key) const { return static_cast<size_t>(key.hash() >> 32) & mask(); }
  // Where the key is, or the free place where it would go.
  size_t placeOf(const Key& key) const {
    size_t at = homeOf(key);
    while (slots_[at].used && !(slots_[at].key == key)) at = next(at);
    return at;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (Slot& slot : old)
      if (slot.used) slots_[placeOf(slot.key)] = std::move(slot);
  }

  std::vector<Slot> slots_;
  size_t size_ = 0;
};

}  // namespace reprise
