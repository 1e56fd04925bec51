// What exporting and importing calls of a trace refer to: external payloads, and descriptors kept for them.
//
// A payload is known by the number that the capture layer gave it or, in traces without such records, by the
// value of the handle that was exported. Descriptors of the captured process are never used: where an import
// needs one, a new one is exported from the live object, and the import consumes it. Only a payload whose
// objects are gone while a handle of it is still out keeps a descriptor, and only the newest few do.
// One thread.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "format/record.h"

namespace reprise {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }  // the caller's from here on
  Descriptor duplicate() const { return Descriptor(fd_ >= 0 ? dup(fd_) : -1); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

// Descriptors of payloads without a live object: the newest, within a quarter of what the process may have.
class KeptDescriptors {
 public:
  void keep(const std::shared_ptr<Descriptor>& descriptor) {
    kept_.push_back(descriptor);
    std::erase_if(kept_, [](const auto& one) { return one.expired(); });
    while (kept_.size() > limit()) {
      if (const auto oldest = kept_.front().lock()) oldest->close();
      kept_.pop_front();
    }
  }

 private:
  static size_t limit() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 16;
    return std::clamp<size_t>(size_t(files.rlim_cur) / 4, 1, 256);
  }
  std::deque<std::weak_ptr<Descriptor>> kept_;
};

template <class Payload>
class PayloadTable {
 public:
  // An object's payload got a handle. `known`: what the object's payload is already, if anything.
  std::shared_ptr<Payload> exported(const std::optional<PayloadRecord>& record, uint64_t handle,
                                    std::shared_ptr<Payload> known) {
    if (!known && record && record->payload) {
      const auto found = by_number_.find(record->payload);
      if (found != by_number_.end()) known = found->second;
    }
    if (!known) known = std::make_shared<Payload>();
    if (record && record->payload) by_number_[record->payload] = known;
    if (!record) by_handle_[handle] = known;
    return known;
  }
  // Null: it came from outside. `consumed`: the handle value is free for something else afterwards.
  std::shared_ptr<Payload> imported(const std::optional<PayloadRecord>& record, uint64_t handle,
                                    bool consumed) {
    if (record) {
      const auto found = by_number_.find(record->payload);
      return found == by_number_.end() ? nullptr : found->second;
    }
    const auto found = by_handle_.find(handle);
    if (found == by_handle_.end()) return nullptr;
    std::shared_ptr<Payload> payload = found->second;
    if (consumed) by_handle_.erase(found);
    return payload;
  }

 private:
  std::unordered_map<uint64_t, std::shared_ptr<Payload>> by_number_, by_handle_;
};

}  // namespace reprise
