// HandleVisitor: shows every handle in a decoded call to a function, which may rewrite it.
//
// Inputs and outputs apart, because a call's inputs are mapped before it and its outputs learnt after it. Null handles are
// not shown. Works on decoded packets only (it writes); one thread's.
#pragma once

#include "format/visit.h"

namespace reprise {

class HandleVisitor : public VisitorBase {
 public:
  using Function = void (*)(void* self, HandleKind kind, uint64_t& value);
  HandleVisitor(bool outputs, Function function, void* self) : outputs_(outputs), function_(function), self_(self) {}

  void structure(VkStructureType, const char*, VkStructureType&, void*& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    for (auto* node = static_cast<VkBaseOutStructure*>(next); node; node = node->pNext) visitNode(*this, node->sType, node);
  }
  template <class T>
  void node(T& s) {
    in_node_ = true;
    visit(*this, s);
    in_node_ = false;
  }
  template <class T>
  void scalar(const Field&, T&) {}
  template <class T>
  void handle(const Field&, T& h) { show(h); }
  void objectHandle(const Field&, uint64_t& h, VkObjectType type) {
    const HandleKind kind = handleKindOf(type);
    if (h != 0 && kind != HandleKind::kNone) function_(self_, kind, h);
  }
  template <class T>
  void opaque(const Field&, T&) {}
  template <class T>
  void fixed(const Field&, T* a, size_t n) { elements(a, n); }
  void text(const Field&, char*, size_t) {}
  template <class T>
  void record(const Field&, T& s) { visit(*this, s); }
  template <class T>
  void pointer(const Field&, T*& p) { elements(p, 1); }
  template <class T>
  void array(const Field&, T*& p, size_t n) { elements(p, n); }
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
  void bytes(const Field&, T&, size_t) {}
  void ignored(const Field&, size_t = 0) {}
  template <class T>
  void outPointer(const Field&, T*& p) { outElements(p, 1); }
  template <class T>
  void outArray(const Field&, T*& p, size_t n) { outElements(p, n); }
  template <class T>
  void outBytes(const Field&, T&, size_t) {}
  template <class T>
  void countPointer(const Field&, T&, bool) {}

 protected:
  bool outputs() const { return outputs_; }

 private:
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
};

enum class CallHalf { kInputs, kOutputs };

template <bool In>
class HalfHandleVisitor : public HandleVisitor {
 public:
  static constexpr bool kIn = In;
  HalfHandleVisitor(Function function, void* self) : HandleVisitor(!In, function, self) {}
  template <class T>
  bool result(const Field&, const T& x, bool outputs_on_error) {
    if constexpr (std::is_same_v<T, VkResult> && !In) return x >= 0 || outputs_on_error;
    return true;
  }
};

// f(HandleKind, uint64_t&) for every handle of that half of the call, structs, arrays and chains included.
template <class C, class F>
void forEachHandle(C& call, CallHalf half, F&& f) {
  const auto function = [](void* self, HandleKind kind, uint64_t& value) {
    (*static_cast<std::remove_reference_t<F>*>(self))(kind, value);
  };
  if (half == CallHalf::kInputs) {
    HalfHandleVisitor<true> v(function, &f);
    visit(v, call);
  } else {
    HalfHandleVisitor<false> v(function, &f);
    visit(v, call);
  }
}

}  // namespace reprise
