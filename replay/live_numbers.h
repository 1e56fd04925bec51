// What a call's numbers become on this device: queue families, device addresses, formats.
//
// Handed to the walk over a call's handles, if any of the three differs here. One a device, one thread.
#pragma once

#include "format/handles_visitor.h"
#include "replay/addresses.h"
#include "replay/format_fallbacks.h"
#include "replay/queues.h"

namespace reprise {

class LiveNumbers final : public DeviceNumbers {
 public:
  FamilyMap families;
  Addresses addresses;
  FormatFallbacks formats;

  bool differ() const { return addresses.any() || families.changes() || formats.any(); }

  void queueFamily(uint32_t& index) override { index = families.liveOf(index); }
  void address(VkDeviceAddress& member) override { addresses.replace(member); }
  void shaderData(std::span<std::byte> bytes) override {
    if (addresses.any()) addresses.replaceIn(bytes);
  }
  void format(VkFormat& member) override { member = formats.liveOf(member); }
};

}  // namespace reprise
