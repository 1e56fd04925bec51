// Flattener: lists every value of a struct or call as text, in order; two instances are equal when their lists are.
// It shares nothing with Encoder and Decoder but the visit() functions.
#pragma once

#include <string>
#include <vector>

#include "format/arguments.h"
#include "format/visit.h"

namespace reprise {

class Flattener : public VisitorBase {
 public:
  explicit Flattener(bool outputs) : outputs_(outputs) {}
  std::vector<std::string> values;

  void structure(VkStructureType, const char* name, VkStructureType& type, void*& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    add(name, uint64_t(type));
    for (auto* node = static_cast<VkBaseOutStructure*>(next); node; node = node->pNext) {
      add("node", uint64_t(node->sType));
      visitNode(*this, node->sType, node);
    }
  }
  template <class T>
  void node(T& s) {
    if constexpr (kReturnedOnly<T> && !kHasOutputPointers<T>) {
      if (skeleton_) return;
    }
    in_node_ = true;
    visit(*this, s);
  }
  template <class T>
  void scalar(const Field& f, T& x) { raw(f, &x, sizeof x); }
  template <class T>
  void handle(const Field& f, T& h) { add(f.name, uint64_t(h)); }
  void objectHandle(const Field& f, uint64_t& h, VkObjectType) { add(f.name, h); }
  template <class T>
  void opaque(const Field& f, T& p) { add(f.name, uint64_t(p)); }
  template <class T>
  void fixed(const Field& f, T* a, size_t n) { elements(f, a, n); }
  void text(const Field& f, char* a, size_t n) { raw(f, a, strnlen(a, n)); }
  template <class T>
  void record(const Field&, T& s) { visit(*this, s); }
  template <class T>
  void pointer(const Field& f, T*& p) { array(f, p, 1); }
  template <class T>
  void array(const Field& f, T*& p, size_t n) {
    add(f.name, p != nullptr);
    if (p) elements(f, p, n);
  }
  template <class T>
  void pointers(const Field& f, T**& p, size_t n) {
    add(f.name, p != nullptr);
    for (size_t i = 0; p && i < n; ++i) pointer(f, p[i]);
  }
  template <class T, class Inner>
  void jagged(const Field& f, T**& p, size_t n, Inner inner) {
    add(f.name, p != nullptr);
    for (size_t i = 0; p && i < n; ++i) array(f, p[i], inner(i));
  }
  void string(const Field& f, const char* s) { values.push_back(std::string(f.name) + (s ? "=" + std::string(s) : "")); }
  void wstring(const Field& f, const uint16_t* s) {
    size_t n = 0;
    while (s && s[n]) ++n;
    add(f.name, s != nullptr);
    raw(f, s, n * 2);
  }
  void strings(const Field& f, const char* const* p, size_t n) {
    add(f.name, p != nullptr);
    for (size_t i = 0; p && i < n; ++i) string(f, p[i]);
  }
  void bytes(const Field& f, const void* p, size_t n) {
    add(f.name, p != nullptr);
    if (p) raw(f, p, n);
  }
  void ignored(const Field& f, size_t = 0) { add(f.name, 0); }
  template <class T>
  void outPointer(const Field& f, T*& p) { outArray(f, p, 1); }
  template <class T>
  void outArray(const Field& f, T*& p, size_t n) {
    if (outputs_) return array(f, p, n);
    add(f.name, p != nullptr);
    if constexpr (std::is_class_v<T>) {
      const bool outer = skeleton_;
      skeleton_ = true;
      for (size_t i = 0; p && i < n; ++i) {
        if constexpr (!kReturnedOnly<T> || kHasOutputPointers<T>)
          visit(*this, p[i]);
        else if constexpr (kStructureType<T> != VK_STRUCTURE_TYPE_MAX_ENUM)
          structure(kStructureType<T>, f.name, p[i].sType, chainRef(p[i].pNext));
      }
      skeleton_ = outer;
    }
  }
  void outBytes(const Field& f, void* p, size_t n) {
    if (outputs_) return bytes(f, p, n);
    add(f.name, p != nullptr);
  }
  template <class T>
  void countPointer(const Field& f, T*& p, bool used) { add(f.name, p && (used || outputs_) ? uint64_t(*p) : 0); }

 protected:
  bool outputs() const { return outputs_; }

 private:
  void add(const char* name, uint64_t x) { values.push_back(std::string(name) + ":" + std::to_string(x)); }
  void raw(const Field& f, const void* p, size_t n) {
    values.push_back(std::string(f.name) + "/" + std::string(static_cast<const char*>(p), n));
  }
  template <class T>
  void elements(const Field& f, T* p, size_t n) {
    if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
      for (size_t i = 0; i < n; ++i) visit(*this, p[i]);
    } else {
      raw(f, p, n * sizeof(T));
    }
  }

  bool outputs_;
  bool skeleton_ = false;
  bool in_node_ = false;
};

template <bool In>
class HalfFlattener : public Flattener {
 public:
  static constexpr bool kIn = In;
  HalfFlattener() : Flattener(!In) {}
  template <class T>
  bool result(const Field& f, T& x, bool outputs_on_error) {
    if constexpr (In) return true;
    values.push_back(std::string(f.name) + std::to_string(uint64_t(x)));
    if constexpr (std::is_same_v<T, VkResult>) return x >= 0 || outputs_on_error;
    return true;
  }
};

}  // namespace reprise
