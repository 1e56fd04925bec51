// Shows every value of an enum, and every mask, in the inputs of a decoded call: chains and arrays included.
//
// On the caller's thread and stack; keeps nothing. Null pointers are passed over.
#pragma once

#include "format/visit.h"

namespace reprise {

class ValueVisitor : public VisitorBase {
 public:
  using Function = void (*)(void* self, const EnumInfo& of, uint64_t value);
  ValueVisitor(Function function, void* self) : function_(function), self_(self) {}

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
    show(f, &x, 1);
  }
  template <class T>
  void handle(const Field&, T&) {}
  void objectHandle(const Field&, uint64_t&, VkObjectType) {}
  template <class T>
  void opaque(const Field&, T&) {}
  template <class T>
  void fixed(const Field& f, T* a, size_t n) {
    show(f, a, n);
  }
  void text(const Field&, char*, size_t) {}
  template <class T>
  void record(const Field&, T& s) {
    visit(*this, s);
  }
  template <class T>
  void pointer(const Field& f, T*& p) {
    show(f, p, 1);
  }
  template <class T>
  void array(const Field& f, T*& p, size_t n) {
    show(f, p, n);
  }
  template <class T>
  void pointers(const Field& f, T**& p, size_t n) {
    for (size_t i = 0; p && i < n; ++i) show(f, p[i], 1);
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
  void outPointer(const Field&, T&) {}
  template <class T>
  void outArray(const Field&, T&, size_t) {}
  template <class T>
  void outBytes(const Field&, T&, size_t) {}
  template <class T>
  void countPointer(const Field&, T&, bool) {}
  template <class T>
  bool result(const Field&, T&, bool) {
    return false;
  }

 private:
  template <class T>
  void show(const Field& f, T* p, size_t n) {
    if (p == nullptr) return;
    if constexpr (std::is_enum_v<T>) {
      if (f.names)
        for (size_t i = 0; i < n; ++i) function_(self_, *f.names, uint64_t(int64_t(p[i])));
    } else if constexpr (std::is_same_v<T, VkFlags> || std::is_same_v<T, VkFlags64>) {
      if (f.names)
        for (size_t i = 0; i < n; ++i) function_(self_, *f.names, p[i]);
    } else if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
      for (size_t i = 0; i < n; ++i) visit(*this, p[i]);
    }
  }

  bool in_node_ = false;
  Function function_;
  void* self_;
};

// `packet` is a decoded call of that command.
void forEachValue(Command canonical, void* packet, ValueVisitor::Function function, void* self);

}  // namespace reprise
