// Which calls use a feature, and which structs mean nothing to a driver that lacks their extension: data, the
// rule of the specification or a reason beside each row. Pure functions on decoded calls as captured; any
// thread.
#pragma once

#include <set>
#include <span>
#include <string_view>

#include "format/vk.h"

namespace reprise {

// By the name that this build's registry has for it.
#if defined(VK_VERSION_1_4)
using PushDescriptorSetCall = CmdPushDescriptorSetCall;
#else
using PushDescriptorSetCall = CmdPushDescriptorSetKHRCall;
#endif

// What a rule may have to ask of the machine.
struct FormatsHere {
  std::set<VkFormat> usable;  // of the compressed formats, where not all are
};

struct FeatureRule {
  std::string_view feature;  // a member of whatever struct
  std::string_view rule;     // that forbids the call without it
  Command command;           // canonical
  bool (*uses)(const void* packet, const FormatsHere& here);
};
std::span<const FeatureRule> featureRules();

// The command whose very use is the use of a feature which vk.xml ties to it by name; kUnknown if there is
// none.
Command commandOfFeature(std::string_view feature);

// The texture compression feature that a format needs; empty if none.
std::string_view compressionFeature(VkFormat format);

}  // namespace reprise
