// From the generated visit() to Members: the one visitor over every struct and call for what needs no speed.
//
// It visits each half of a call as Encoder and Decoder do, so what a Members sees is what the file holds:
// inputs with the room for outputs, or outputs with the result. Conditions on members are not asked: what is
// ignored is zero in a decoded call, and Encoder ignores it again. One thread's, on the stack.
#pragma once

#include "format/arguments.h"
#include "format/visit.h"
#include "tools/text/members.h"

namespace reprise {

class MemberVisitor : public VisitorBase {
 public:
  enum class Phase { kInputs, kOutputs };
  static constexpr bool kWrites = true;
  static constexpr bool kDecodes = true;

  MemberVisitor(Members& members, Phase phase) : members_(members), phase_(phase) {}

  // ---- visitor
  void structure(VkStructureType expected, const char*, VkStructureType& type, void*& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    members_.structType(type, expected);
    chain(next);
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
  void scalar(const Field& f, T& x) {
    members_.number(f, f.name, &x, numberTypeOf<T>());
  }
  template <class T>
  void handle(const Field& f, T& h) {
    members_.number(f, f.name, &h, numberTypeOf<uint64_t>());
  }
  void objectHandle(const Field& f, uint64_t& h, VkObjectType) { members_.handle(f.name, h); }
  template <class T>
  void opaque(const Field& f, T& p) {
    static_assert(sizeof p == sizeof(uint64_t));
    members_.number(f, f.name, &p, numberTypeOf<uint64_t>());
  }
  template <class T>
  void fixed(const Field& f, T* a, size_t n) {
    if constexpr (std::is_same_v<T, uint8_t>) return members_.fixedBytes(f.name, a, n);
    if (!members_.beginFixedList(f.name, n)) return;
    for (size_t i = 0; i < n; ++i) element(f, {}, a[i]);
    members_.endList();
  }
  void text(const Field& f, char* a, size_t n) { members_.text(f, a, n); }
  template <class T>
  void record(const Field& f, T& s) {
    object(f.name, f.type, s);
  }
  template <class T>
  void pointer(const Field& f, T*& p) {
    onePointer(f, f.name, p);
  }
  template <class T>
  void array(const Field& f, T*& p, size_t n) {
    oneArray(f, f.name, p, n);
  }
  template <class T>
  void pointers(const Field& f, T**& p, size_t n) {
    n = members_.beginList(f.name, erased(p), n, sizeof *p);
    if (n == Members::kNull) return;
    for (size_t i = 0; i < n; ++i) onePointer(f, {}, p[i]);
    members_.endList();
  }
  template <class T, class Inner>
  void jagged(const Field& f, T**& p, size_t n, Inner inner) {
    n = members_.beginList(f.name, erased(p), n, sizeof *p);
    if (n == Members::kNull) return;
    for (size_t i = 0; i < n; ++i) oneArray(f, {}, p[i], inner(i));
    members_.endList();
  }
  void string(const Field& f, const char*& s) { members_.string(f, f.name, s); }
  void wstring(const Field& f, const uint16_t*& s) { members_.wstring(f, s); }
  void strings(const Field& f, const char* const*& p, size_t n) {
    auto** list = const_cast<const char**>(p);
    n = members_.beginList(f.name, erased(list), n, sizeof *list);
    p = list;
    if (n == Members::kNull) return;
    for (size_t i = 0; i < n; ++i) members_.string(f, {}, list[i]);
    members_.endList();
  }
  template <class T>
  void bytes(const Field& f, T*& p, size_t n) {
    members_.numbers(f, f.name, erased(p), n, numberTypeOf<uint8_t>());
  }
  void ignored(const Field&, size_t = 0) {}  // never: conditions are not asked
  template <class T>
  void outPointer(const Field& f, T*& p) {
    if (phase_ == Phase::kOutputs) return pointer(f, p);
    if constexpr (kHasSkeleton<T>) {
      if (members_.pointer(f.name, erased(p), sizeof(T))) skeleton(f, f.name, *p);
    } else {
      members_.room(f.name, erased(p), sizeof(T));
    }
  }
  template <class T>
  void outArray(const Field& f, T*& p, size_t n) {
    if (phase_ == Phase::kOutputs) return array(f, p, n);
    if constexpr (kHasSkeleton<T>) {
      n = members_.beginList(f.name, erased(p), n, sizeof(T));
      if (n == Members::kNull) return;
      for (size_t i = 0; i < n; ++i) skeleton(f, {}, p[i]);
      members_.endList();
    } else {
      members_.room(f.name, erased(p), sizeof(T));
    }
  }
  void outBytes(const Field& f, void*& p, size_t n) {
    phase_ == Phase::kOutputs ? bytes(f, p, n) : members_.room(f.name, p, 1);
  }
  template <class T>
  void countPointer(const Field& f, T*& p, bool used) {
    members_.count(f, erased(p), numberTypeOf<T>(), phase_ == Phase::kOutputs || used);
  }

 protected:
  Members& members() { return members_; }

 private:
  template <class T>
  static constexpr bool kIsStruct = std::is_class_v<T> || std::is_union_v<T>;
  // Structs of which the file has something before they are written.
  template <class T>
  static constexpr bool kHasSkeleton = std::is_class_v<T> &&
                                       (!kReturnedOnly<T> || kHasOutputPointers<T> ||
                                        kStructureType<T> != VK_STRUCTURE_TYPE_MAX_ENUM);

  template <class T>
  static void*& erased(T*& p) {
    return *reinterpret_cast<void**>(const_cast<std::remove_const_t<T>**>(&p));
  }
  template <class S>
  void object(std::string_view name, std::string_view type, S& s) {
    if constexpr (std::is_same_v<S, VkClearColorValue>) return members_.colour(name, s);
    if (!members_.beginObject(name, type)) return;
    visit(*this, s);
    members_.endObject();
  }
  template <class T>
  void element(const Field& f, std::string_view name, T& x) {
    if constexpr (kIsStruct<T>)
      object(name, f.type, x);
    else if constexpr (std::is_pointer_v<T>)
      members_.number(f, name, &x, numberTypeOf<uint64_t>());
    else
      members_.number(f, name, &x, numberTypeOf<T>());
  }
  template <class T>
  void onePointer(const Field& f, std::string_view name, T*& p) {
    if (members_.pointer(name, erased(p), sizeof(T))) element(f, name, mutableRef(*p));
  }
  template <class T>
  void oneArray(const Field& f, std::string_view name, T*& p, size_t n) {
    if constexpr (std::is_arithmetic_v<T>) {
      members_.numbers(f, name, erased(p), n, numberTypeOf<T>());
    } else {
      n = members_.beginList(name, erased(p), n, sizeof(T));
      if (n == Members::kNull) return;
      for (size_t i = 0; i < n; ++i) element(f, {}, p[i]);
      members_.endList();
    }
  }
  template <class T>
  void skeleton(const Field& f, std::string_view name, T& s) {
    const bool outer = skeleton_;
    skeleton_ = true;
    if constexpr (!kReturnedOnly<T> || kHasOutputPointers<T>) {
      object(name, f.type, s);
    } else if (members_.beginObject(name, f.type)) {
      structure(kStructureType<T>, "", s.sType, chainRef(s.pNext));
      members_.endObject();
    }
    skeleton_ = outer;
  }
  void chain(void*& next) {
    members_.beginChain(next);
    while (VkBaseOutStructure* one = members_.nextNode()) {
      visitNode(*this, one->sType, one);
      in_node_ = false;
      members_.endNode();
    }
  }

  Members& members_;
  const Phase phase_;
  bool in_node_ = false;
  bool skeleton_ = false;
};

// The two halves of a call, as visit(v, packet) wants them.
class InputMembers : public MemberVisitor {
 public:
  static constexpr bool kIn = true;
  explicit InputMembers(Members& members) : MemberVisitor(members, Phase::kInputs) {}
  template <class T>
  bool result(const Field&, T&, bool) {
    return true;
  }
};
class OutputMembers : public MemberVisitor {
 public:
  static constexpr bool kIn = false;
  explicit OutputMembers(Members& members) : MemberVisitor(members, Phase::kOutputs) {}
  template <class T>
  bool result(const Field& field, T& x, bool outputs_on_error) {
    if constexpr (std::is_pointer_v<T>)
      members().result(field, &x, numberTypeOf<uint64_t>());
    else
      members().result(field, &x, numberTypeOf<T>());
    if constexpr (std::is_same_v<T, VkResult>) return x >= 0 || outputs_on_error;
    return true;
  }
};

}  // namespace reprise
