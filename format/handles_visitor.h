// HandleVisitor: shows every handle in a decoded call to a function, which may rewrite it; and, to whom it
// may concern, the numbers that mean something on one device only.
//
// Inputs and outputs apart, because a call's inputs are mapped before it and its outputs learnt after it.
// Null handles are not shown. Works on decoded packets only (it writes); one thread's.
#pragma once

#include <span>

#include "format/visit.h"

namespace reprise {

// What of a call, beside its handles, another device numbers otherwise. Each may be rewritten in place.
class DeviceNumbers {
 public:
  virtual void queueFamily(uint32_t& index) = 0;  // VK_QUEUE_FAMILY_IGNORED and its like, too
  virtual void address(VkDeviceAddress& address) = 0;
  virtual void shaderData(std::span<std::byte> bytes) = 0;  // push constants and their like
  virtual void format(VkFormat& format) = 0;

 protected:
  ~DeviceNumbers() = default;
};

class HandleVisitor : public VisitorBase {
 public:
  using Function = void (*)(void* self, HandleKind kind, uint64_t& value);
  // `numbers` may be null.
  HandleVisitor(bool outputs, Function function, void* self, DeviceNumbers* numbers)
      : outputs_(outputs), function_(function), self_(self), numbers_(numbers) {}

  void structure(VkStructureType, const char*, VkStructureType&, void*& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    for (auto* node = static_cast<VkBaseOutStructure*>(next); node; node = node->pNext)
      visitNode(*this, node->sType, node);
  }
  template <class T>
  void node(T& s) {
    in_node_ = true;
    visit(*this, s);
    in_node_ = false;
  }
  template <class T>
  void scalar(const Field& f, T& x) {
    number(f, &x, 1);
  }
  template <class T>
  void handle(const Field&, T& h) {
    show(h);
  }
  void objectHandle(const Field&, uint64_t& h, VkObjectType type) {
    const HandleKind kind = handleKindOf(type);
    if (h != 0 && kind != HandleKind::kNone) function_(self_, kind, h);
  }
  template <class T>
  void opaque(const Field&, T&) {}
  template <class T>
  void fixed(const Field& f, T* a, size_t n) {
    number(f, a, n);
    elements(a, n);
  }
  void text(const Field&, char*, size_t) {}
  template <class T>
  void record(const Field&, T& s) {
    visit(*this, s);
  }
  template <class T>
  void pointer(const Field& f, T*& p) {
    number(f, p, 1);
    elements(p, 1);
  }
  template <class T>
  void array(const Field& f, T*& p, size_t n) {
    number(f, p, n);
    elements(p, n);
  }
  template <class T>
  void pointers(const Field&, T**& p, size_t n) {
    if (p)
      for (size_t i = 0; i < n; ++i) elements(p[i], 1);
  }
  template <class T, class Inner>
  void jagged(const Field&, T**&, size_t, Inner) {}  // numbers only
  template <class T>
  void string(const Field&, T&) {}
  template <class T>
  void wstring(const Field&, T&) {}
  template <class T>
  void strings(const Field&, T&, size_t) {}
  template <class T>
  void bytes(const Field& f, T& p, size_t n) {
    if (f.kind == Field::kShaderData && numbers_ && p)
      numbers_->shaderData({static_cast<std::byte*>(const_cast<void*>(static_cast<const void*>(p))), n});
  }
  void ignored(const Field&, size_t = 0) {}
  template <class T>
  void outPointer(const Field&, T*& p) {
    outElements(p, 1);
  }
  template <class T>
  void outArray(const Field&, T*& p, size_t n) {
    outElements(p, n);
  }
  template <class T>
  void outBytes(const Field&, T&, size_t) {}
  template <class T>
  void countPointer(const Field&, T&, bool) {}

 protected:
  bool outputs() const { return outputs_; }

 private:
  // The kind is a constant where this is called: nothing is left of it for other members.
  template <class T>
  void number(const Field& f, T* p, size_t n) {
    if constexpr (std::is_same_v<T, VkFormat>) {
      for (size_t i = 0; numbers_ && p && i < n; ++i) numbers_->format(p[i]);
    } else if constexpr (std::is_same_v<T, uint32_t>) {
      if (f.kind != Field::kQueueFamily) return;
      for (size_t i = 0; numbers_ && p && i < n; ++i) numbers_->queueFamily(p[i]);
    } else if constexpr (std::is_same_v<T, VkDeviceAddress>) {
      if (f.kind != Field::kDeviceAddress) return;
      for (size_t i = 0; numbers_ && p && i < n; ++i) numbers_->address(p[i]);
    }
  }
  template <class T>
  void show(T& h) {
    if constexpr (kIsHandle<T>) {
      auto value = uint64_t(h);
      if (value == 0) return;
      function_(self_, kHandleKind<T>, value);
      h = (T)value;
    }
  }
  template <class T>
  void elements(T* p, size_t n) {
    if (p == nullptr) return;
    if constexpr (kIsHandle<T>) {
      for (size_t i = 0; i < n; ++i) show(p[i]);
    } else if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
      for (size_t i = 0; i < n; ++i) visit(*this, p[i]);
    }
  }
  template <class T>
  void outElements(T* p, size_t n) {
    if (outputs_) elements(p, n);
  }

  bool outputs_;
  bool in_node_ = false;
  Function function_;
  void* self_;
  DeviceNumbers* numbers_;
};

enum class CallHalf { kInputs, kOutputs };

template <bool In>
class HalfHandleVisitor : public HandleVisitor {
 public:
  static constexpr bool kIn = In;
  HalfHandleVisitor(Function function, void* self, DeviceNumbers* numbers)
      : HandleVisitor(!In, function, self, numbers) {}
  template <class T>
  bool result(const Field&, const T& x, bool outputs_on_error) {
    if constexpr (std::is_same_v<T, VkResult> && !In) return x >= 0 || outputs_on_error;
    return true;
  }
};

// Shows every handle of that half of the call to `function`: structs, arrays and chains included.
template <class C>
void showHandles(C& call, CallHalf half, HandleVisitor::Function function, void* self,
                 DeviceNumbers* numbers) {
  if (half == CallHalf::kInputs) {
    HalfHandleVisitor<true> v(function, self, numbers);
    visit(v, call);
  } else {
    HalfHandleVisitor<false> v(function, self, numbers);
    visit(v, call);
  }
}

// f(HandleKind, uint64_t&) for each of them.
template <class C, class F>
void forEachHandle(C& call, CallHalf half, F&& f, DeviceNumbers* numbers = nullptr) {
  const auto function = [](void* self, HandleKind kind, uint64_t& value) {
    (*static_cast<std::remove_reference_t<F>*>(self))(kind, value);
  };
  showHandles(call, half, function, &f, numbers);
}

}  // namespace reprise
