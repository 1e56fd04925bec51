// How a failure of the outside world (a file, a driver, a disk) is returned.
//
// Bad input is a returned value, never an exception; a broken invariant of our own is an assertion.
// The message is one sentence for a person: what was found, what was expected, what to do.
// Values; no thread rule.
#pragma once

#include <cassert>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace reprise {

// The documented exit codes of the `reprise` program are derived from these.
enum class Code {
  kOk,
  kDiffers,     // exit 1: replayed, with differences
  kUsage,       // exit 2: wrong argument
  kUnreadable,  // exit 3: a file that cannot be read or written
  kCannotRun,   // exit 4: this machine lacks what is needed
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message)
      : failure_(code == Code::kOk ? nullptr
                                   : std::make_shared<const Failure>(Failure{code, std::move(message)})) {}
  static Status ok() { return {}; }

  bool isOk() const { return failure_ == nullptr; }
  explicit operator bool() const { return isOk(); }
  Code code() const { return failure_ ? failure_->code : Code::kOk; }
  int exitCode() const { return static_cast<int>(code()); }
  const std::string& message() const {
    static const std::string none;
    return failure_ ? failure_->message : none;
  }

 private:
  struct Failure {
    Code code;
    std::string message;
  };
  std::shared_ptr<const Failure> failure_;  // null: ok, which costs nothing to hand on with every call
};

// Either a T or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Status status) : state_(std::move(status)) { assert(!std::get<Status>(state_).isOk()); }

  bool isOk() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return isOk(); }
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  T& operator*() { return value(); }
  T* operator->() { return &value(); }
  Status status() const { return isOk() ? Status() : std::get<Status>(state_); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace reprise
