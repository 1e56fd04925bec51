#include "replay/handle_types.h"

#include <cctype>
#include <cstdio>

namespace reprise {
namespace {

struct NvForm {
  VkExternalMemoryHandleTypeFlagBitsNV nv;
  VkExternalMemoryHandleTypeFlagBits core;
};
constexpr NvForm kNvForms[] = {
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT_NV, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT_NV,
     VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_BIT_NV, VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_KMT_BIT_NV,
     VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT},
};

constexpr const char* kSamePayload = "another operating system's handle to the same kind of payload";
constexpr const char* kOtherApi = "the payload was another API's; Vulkan's own stands in";

struct Row {
  HandleTypeBit from;
  HandleTypeBit to;
  const char* reason;
};
constexpr HandleTypeBit kFd = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
constexpr HandleTypeBit kWin32 = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT;
constexpr HandleTypeBit kDmaBuf = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
constexpr HandleTypeBit kZircon = VK_EXTERNAL_MEMORY_HANDLE_TYPE_ZIRCON_VMO_BIT_FUCHSIA;

// Rows of one `from`, best first. A type without a row is memory that no other handle type can stand for.
constexpr Row kMemoryRows[] = {
    {kFd, kWin32, kSamePayload},
    {kFd, kZircon, kSamePayload},
    {kWin32, kFd, kSamePayload},
    {kWin32, kZircon, kSamePayload},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT, kFd, kSamePayload},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT, kWin32, "an NT handle to the same kind of payload"},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT, kZircon, kSamePayload},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT, kFd, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT, kWin32, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT, kFd, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT, kWin32, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_HEAP_BIT, kFd, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_HEAP_BIT, kWin32, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_RESOURCE_BIT, kFd, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_RESOURCE_BIT, kWin32, kOtherApi},
    {kDmaBuf, kFd, "a descriptor to the same kind of payload, for Vulkan alone"},
    {kDmaBuf, kWin32, kSamePayload},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID, kDmaBuf,
     "what such a buffer is made of"},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID, kFd, kOtherApi},
    {VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID, kWin32, kOtherApi},
    {kZircon, kFd, kSamePayload},
    {kZircon, kWin32, kSamePayload},
};
constexpr Row kSemaphoreRows[] = {
    {VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_WIN32_BIT,
     kSamePayload},
    {VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_WIN32_BIT, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
     kSamePayload},
    {VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
     kSamePayload},
    {VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_D3D12_FENCE_BIT, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
     kOtherApi},
    {VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_ZIRCON_EVENT_BIT_FUCHSIA,
     VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT, kSamePayload},
    {VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
     "imported for one wait, as a sync file is"},
};
constexpr Row kFenceRows[] = {
    {VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_FD_BIT, VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_WIN32_BIT,
     kSamePayload},
    {VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_WIN32_BIT, VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_FD_BIT,
     kSamePayload},
    {VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT, VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_FD_BIT,
     kSamePayload},
    {VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT, VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_FD_BIT,
     "imported until it is reset, as a sync file is"},
};

struct Names {
  const EnumInfo& info;
  std::string_view prefix;
};
Names namesOf(ExternalObject object) {
  switch (object) {
    case ExternalObject::kSemaphore:
      return {kVkExternalSemaphoreHandleTypeFlagBitsNames, "VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_"};
    case ExternalObject::kFence:
      return {kVkExternalFenceHandleTypeFlagBitsNames, "VK_EXTERNAL_FENCE_HANDLE_TYPE_"};
    case ExternalObject::kMemory:
      break;
  }
  return {kVkExternalMemoryHandleTypeFlagBitsNames, "VK_EXTERNAL_MEMORY_HANDLE_TYPE_"};
}

std::string shortened(std::string_view name, std::string_view prefix) {
  std::string text(name.substr(prefix.size()));
  if (const size_t bit = text.find("_BIT"); bit != std::string::npos) text.erase(bit, 4);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool findMemoryType(std::string_view wanted, HandleTypeBit& bit) {
  const Names names = namesOf(ExternalObject::kMemory);
  for (const EnumName& value : names.info.values) {
    if (!std::string_view(value.name).starts_with(names.prefix) ||
        shortened(value.name, names.prefix) != wanted)
      continue;
    bit = static_cast<HandleTypeBit>(value.value);
    return true;
  }
  return false;
}

std::string allMemoryTypes() {
  const Names names = namesOf(ExternalObject::kMemory);
  std::string list;
  HandleTypeBits listed = 0;
  for (const EnumName& value : names.info.values) {
    if (listed & value.value) continue;  // an alias
    listed |= static_cast<HandleTypeBits>(value.value);
    list += (list.empty() ? "" : ", ") + handleTypeName(ExternalObject::kMemory, HandleTypeBit(value.value));
  }
  return list;
}

}  // namespace

std::string handleTypeName(ExternalObject object, HandleTypeBit bit) {
  const Names names = namesOf(object);
  for (const EnumName& value : names.info.values)
    if (value.value == bit) return shortened(value.name, names.prefix);
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", bit);
  return text;
}

std::vector<HandleTypeBit> bitsOf(HandleTypeBits set) {
  std::vector<HandleTypeBit> bits;
  for (; set != 0; set &= set - 1) bits.push_back(set & (~set + 1));
  return bits;
}

std::string handleTypeNames(ExternalObject object, HandleTypeBits set) {
  std::string list;
  for (const HandleTypeBit bit : bitsOf(set)) list += (list.empty() ? "" : "|") + handleTypeName(object, bit);
  return list.empty() ? "none" : list;
}

HandleTypeBits coreFromNv(VkExternalMemoryHandleTypeFlagsNV bits) {
  HandleTypeBits core = 0;
  for (const NvForm& form : kNvForms)
    if (bits & form.nv) core |= form.core;
  return core;
}

VkExternalMemoryHandleTypeFlagsNV nvFromCore(HandleTypeBits core) {
  VkExternalMemoryHandleTypeFlagsNV bits = 0;
  for (const NvForm& form : kNvForms)
    if (core & form.core) bits |= form.nv;
  return bits;
}

std::vector<Preference> preferences(ExternalObject object, HandleTypeBit from) {
  std::span<const Row> rows = kMemoryRows;
  if (object == ExternalObject::kSemaphore) rows = kSemaphoreRows;
  if (object == ExternalObject::kFence) rows = kFenceRows;
  std::vector<Preference> list;
  for (const Row& row : rows)
    if (row.from == from) list.push_back({row.to, row.reason});
  return list;
}

Result<RemapRules> parseRemapRules(std::string_view text) {
  RemapRules rules;
  rules.text = text;
  const auto bad = [&](std::string_view what) {
    return Status(Code::kUsage,
                  "--remap: `" + std::string(what) +
                      "` is no rule; expected auto, strict, or FROM=TO and FROM=drop, separated "
                      "by commas, with types of: " +
                      allMemoryTypes());
  };
  while (!text.empty()) {
    const std::string_view rule = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), rule.size() + 1));
    if (rule == "auto") continue;
    if (rule == "strict") {
      rules.strict = true;
      continue;
    }
    const size_t equals = rule.find('=');
    HandleTypeBit from = 0, to = 0;
    if (equals == std::string_view::npos || !findMemoryType(rule.substr(0, equals), from)) return bad(rule);
    const std::string_view target = rule.substr(equals + 1);
    if (target != "drop" && !findMemoryType(target, to)) return bad(rule);
    rules.forced[from] = to;
  }
  return rules;
}

}  // namespace reprise
