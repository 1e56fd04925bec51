// What every visitor shares, and the generated visit() functions.
//
// visit(v, packet) and visit(v, struct) name each member to the visitor, in the registry's order. A visitor derives from
// VisitorBase and defines structure, scalar, handle, objectHandle, opaque, fixed, text, record, pointer, array,
// pointers, jagged, string, wstring, strings, bytes, outPointer, outArray, outBytes, countPointer, ignored and result.
//   kIn: the visitor wants a call's inputs.       kWrites: bit-fields are stored back after a visit.
//   kDecodes: members come from a file, so conditions on members not yet read are not asked.
// A visitor is one thread's, on the stack.
#pragma once

#include "format/vk.h"
#include "gen/structs.h"

namespace reprise {

struct VisitorBase {
  static constexpr bool kIn = true;
  static constexpr bool kWrites = false;
  static constexpr bool kDecodes = false;
  const VkGraphicsPipelineCreateInfo* pipeline = nullptr;  // the pipeline whose members are being visited
  // Of the descriptor write whose members are being visited; elsewhere a type whose image infos count whole.
  VkDescriptorType descriptor_type = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
};

template <class T>
T*& mutableRef(T* const& p) {
  return const_cast<T*&>(p);
}
template <class T>
T*& mutableRef(const T* const& p) {
  return const_cast<T*&>(p);
}
template <class T>
  requires(!std::is_pointer_v<T>)
T& mutableRef(const T& value) {
  return const_cast<T&>(value);
}
template <class T>
T**& mutablePointers(const T* const* const& p) {
  return const_cast<T**&>(p);
}
template <class T>
void*& chainRef(T* const& next) {
  return *reinterpret_cast<void**>(const_cast<std::remove_const_t<T>**>(&next));
}

template <class T>
inline constexpr bool kIsHandle = kHandleKind<T> != HandleKind::kNone;

}  // namespace reprise

#include "format/custom.h"
#include "gen/calls.h"
