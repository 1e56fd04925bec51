// A trace written call by call, of programs whose drivers exist on other systems only.
//
// HandMade writes the calls as a capture would have them, with invented handles, from vkCreateInstance to
// vkDestroyInstance. share() is the one story that all of them tell: memory exported from one image or
// buffer, imported by another of the same program, written through the first, read back through the second;
// what the read-back must hold is printed as `result FILE NAME memory=0x.. size=.. rgba=..`. One thread, one
// device.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "format/encoder.h"
#include "format/vk.h"
#include "tests/support/trace_builder.h"

namespace foreign {

using namespace reprise;

// The program's two memory types, as the device's description says them.
inline constexpr uint32_t kDeviceMemory = 0, kHostMemory = 1;
inline constexpr uint32_t kSide = 64;
inline constexpr VkDeviceSize kBytes = VkDeviceSize{kSide} * kSide * 4;
inline constexpr VkDeviceSize kAllocationBytes = 65536;
inline constexpr VkExternalMemoryHandleTypeFlagBits kNoType{};

class HandMade {
 public:
  // DIR/name.vkr; `features` is the chain of vkCreateDevice.
  HandMade(const std::string& dir, std::string name, std::vector<const char*> instance_extensions,
           std::vector<const char*> device_extensions, const void* features = nullptr);
  ~HandMade();  // the program's end; says what went wrong, if anything, and ends this process
  HandMade(const HandMade&) = delete;
  HandMade& operator=(const HandMade&) = delete;

  template <class C>
  void call(const C& call) {
    static const CommandInfo& info = commandInfo(C::kId);
    if (info.is_cmd) return void(trace_.command(1, uint16_t(C::kId), inputsOf(call)));
    trace_.call(1, uint16_t(C::kId), inputsOf(call), outputsOf(call), C::kTicket == TicketWhen::kBefore);
  }

  template <class Handle>
  Handle handle() {
    return (Handle)(next_handle_ += 16);
  }
  VkDevice device() const { return device_; }

  VkImageCreateInfo imageInfo(const void* chain) const;  // what every image here is, but for its chain
  VkImage createImage(const VkImageCreateInfo& info);
  VkBuffer createBuffer(const void* chain, VkDeviceSize size = kBytes);
  // With the chain's own allocation size.
  VkDeviceMemory allocate(const void* chain, VkDeviceSize size, uint32_t type);
  void bind(VkImage image, VkDeviceMemory memory);
  void bind(VkBuffer buffer, VkDeviceMemory memory);
  void destroy(VkImage image, VkDeviceMemory memory);

  // An image or a buffer, the other null.
  struct End {
    VkImage image = VK_NULL_HANDLE;
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
  };
  // Clears or fills through `a`, reads back through `b`, destroys both.
  void crossOver(const std::string& name, const End& a, const End& b);
  void destroy(const End& end);

  // The story with nodes of the trace's choice: of the create infos, of the exporting allocation, and of the
  // importing one, which is made after `exported` was called. Each allocation names its resource as the only
  // one.
  struct Nodes {
    VkBaseInStructure* resource;
    VkBaseInStructure* exporting;
    VkBaseInStructure* importing;
    std::function<void(VkDeviceMemory)> exported;
  };
  void shareImage(const std::string& name, const Nodes& nodes);
  void shareBuffer(const std::string& name, const Nodes& nodes);

 private:
  template <class C>
  static Bytes inputsOf(const C& call);
  template <class C>
  static Bytes outputsOf(const C& call);
  End createImageEnd(const void* image_chain, VkBaseInStructure* memory_node);
  End createBufferEnd(const void* buffer_chain, VkBaseInStructure* memory_node);
  void record(VkCommandBuffer commands, const End& a, const End& b, VkBuffer output);

  TraceBuilder trace_;
  std::string name_;
  uint64_t next_handle_ = 0x10000;
  VkInstance instance_ = VK_NULL_HANDLE;
  VkPhysicalDevice gpu_ = VK_NULL_HANDLE;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  VkCommandPool pool_ = VK_NULL_HANDLE;
};

template <class Struct>
VkBaseInStructure* node(Struct& s) {
  return reinterpret_cast<VkBaseInStructure*>(&s);
}

template <class C>
Bytes HandMade::inputsOf(const C& call) {
  std::vector<std::byte> bytes;
  encodeInputs(call, bytes);
  return bytes;
}
template <class C>
Bytes HandMade::outputsOf(const C& call) {
  std::vector<std::byte> bytes;
  encodeOutputs(call, bytes);
  return bytes;
}

}  // namespace foreign
