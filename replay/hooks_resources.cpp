// Buffers, images, what is made of them, and their addresses.
#include <string>
#include <utility>

#include "replay/chains.h"
#include "replay/hooks.h"
#include "replay/issue.h"

namespace reprise {
namespace {

// The conversion of an external format which this device cannot do is nothing here; nobody may name it.
void dropLostConversion(Player& player, const void*& next) {
  const auto* info =
      findInChain<VkSamplerYcbcrConversionInfo>(next, VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO);
  if (!info) return;
  const HandleMap::Id id = player.find(HandleKind::kVkSamplerYcbcrConversion, valueOf(info->conversion));
  if (id && player.handles().at(id).live == 0 && !player.failed(id))
    removeFromChain(next, VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO);
}

// The address of a live object, in the trace and here.
template <class C>
Status learnAddress(Player& player, const C& call, const C& captured, Addresses::Object object) {
  if (!player.event().has_outputs || captured.result == 0) return Status::ok();
  if (call.result == 0) return player.error(Code::kCannotRun, "this device gives no address for it");
  player.device()->numbers.addresses.learn(object, captured.result, call.result);
  return Status::ok();
}

}  // namespace

void noteFallback(Player& player, VkFormat format) {
  if (!player.device() || !player.device()->numbers.formats.any()) return;
  const VkFormat live = player.device()->numbers.formats.liveOf(format);
  if (live != format)
    player.note(std::string(formatName(format)) + " is played as " + formatName(live) +
                ": not available here; depth that is copied from or to buffers is not converted");
}

Status hook(Player& player, CreateAccelerationStructureKHRCall& call,
            CreateAccelerationStructureKHRCall& captured) {
  const uint64_t made = captured.pAccelerationStructure ? valueOf(*captured.pAccelerationStructure) : 0;
  Status status =
      issueBy(player, call, captured, [&] { player.opaque().createAccelerationStructure(call, made); });
  if (status && player.usesAddresses() && call.pCreateInfo && call.pAccelerationStructure)
    player.device()->numbers.addresses.created(objectOf(*call.pAccelerationStructure),
                                               call.pCreateInfo->size);
  return status;
}

Status hook(Player& player, CreateBufferCall& call, CreateBufferCall& captured) {
  SharedTraits traits;
  const uint64_t made = captured.pBuffer ? valueOf(*captured.pBuffer) : 0;
  if (call.pCreateInfo) {
    auto& info = const_cast<VkBufferCreateInfo&>(*call.pCreateInfo);
    shareAmong(player, info.sharingMode, info.queueFamilyIndexCount, info.pQueueFamilyIndices);
    player.contents().prepare(info, made);
    if (info.pNext) traits = player.external().adaptBuffer(info, made);
  }
  Status status = issueBy(player, call, captured, [&] { player.opaque().createBuffer(call, made); });
  if (status && call.pBuffer && made && call.pCreateInfo) {
    player.external().remember(HandleKind::kVkBuffer, valueOf(*call.pBuffer), std::move(traits));
    player.contents().made(*call.pBuffer, *call.pCreateInfo, made);
    if (player.usesAddresses())
      player.device()->numbers.addresses.created(objectOf(*call.pBuffer), call.pCreateInfo->size);
  }
  return status;
}

Status hook(Player& player, CreateBufferCollectionFUCHSIACall&, CreateBufferCollectionFUCHSIACall& captured) {
  const uint64_t made = captured.pCollection ? valueOf(*captured.pCollection) : 0;
  player.external().report("VkBufferCollectionFUCHSIA", made, "VkBufferCollectionCreateInfoFUCHSIA",
                           "a buffer collection", "", ObjectChange::kDropped,
                           "its token is the captured process's: its images and buffers are ordinary ones",
                           "");
  return learnOurs(player, HandleKind::kVkBufferCollectionFUCHSIA, made);
}

Status hook(Player& player, CreateImageCall& call, CreateImageCall& captured) {
  SharedTraits traits;
  const uint64_t made = captured.pImage ? valueOf(*captured.pImage) : 0;
  if (call.pCreateInfo) {
    auto& info = const_cast<VkImageCreateInfo&>(*call.pCreateInfo);
    player.contents().prepare(info, made);
    shareAmong(player, info.sharingMode, info.queueFamilyIndexCount, info.pQueueFamilyIndices);
    noteFallback(player, info.format);
  }
  if (call.pCreateInfo && call.pCreateInfo->pNext) {
    auto& info = const_cast<VkImageCreateInfo&>(*call.pCreateInfo);
    // It will be bound to a swapchain's memory: ours is ordinary memory.
    removeFromChain(info.pNext, VK_STRUCTURE_TYPE_IMAGE_SWAPCHAIN_CREATE_INFO_KHR);
    traits = player.external().adaptImage(info, made);
  }
  const VkFormat format = call.pCreateInfo ? call.pCreateInfo->format : VK_FORMAT_UNDEFINED;
  Status status = issue(player, call, captured);
  if (status && call.pImage && made && call.pCreateInfo) {
    player.external().remember(HandleKind::kVkImage, valueOf(*call.pImage), std::move(traits));
    player.contents().made(*call.pImage, *call.pCreateInfo, made);
    if (call.result == VK_SUCCESS) player.device()->linear.created(*call.pImage, *call.pCreateInfo);
    if (call.result == VK_SUCCESS && isForHostCopies(*call.pCreateInfo))
      player.device()->host_images[*call.pImage] = {{format, call.pCreateInfo->arrayLayers},
                                                    call.pCreateInfo->format};
  }
  return status;
}

Status hook(Player& player, CreateImageViewCall& call, CreateImageViewCall& captured) {
  if (call.pCreateInfo) dropLostConversion(player, const_cast<const void*&>(call.pCreateInfo->pNext));
  if (call.pCreateInfo && call.pCreateInfo->format == VK_FORMAT_UNDEFINED && player.device()) {
    auto& info = const_cast<VkImageViewCreateInfo&>(*call.pCreateInfo);
    player.external().adaptFormat("VkImageView", 0, info.pNext, info.format);
  }
  return issue(player, call, captured);
}

Status hook(Player& player, CreateSamplerCall& call, CreateSamplerCall& captured) {
  if (call.pCreateInfo) dropLostConversion(player, const_cast<const void*&>(call.pCreateInfo->pNext));
  return issue(player, call, captured);
}

Status hook(Player& player, CreateSamplerYcbcrConversionCall& call,
            CreateSamplerYcbcrConversionCall& captured) {
  if (!call.pCreateInfo || !call.pCreateInfo->pNext || !captured.pYcbcrConversion)
    return issue(player, call, captured);
  auto& info = const_cast<VkSamplerYcbcrConversionCreateInfo&>(*call.pCreateInfo);
  const uint64_t made = valueOf(*captured.pYcbcrConversion);
  const bool external =
      player.external().adaptFormat("VkSamplerYcbcrConversion", made, info.pNext, info.format);
  if (external) player.external().adaptChroma(info);
  if (!external || player.external().convertsYcbcr()) return issue(player, call, captured);
  player.external().report("VkSamplerYcbcrConversion", made, "VkSamplerYcbcrConversionCreateInfo",
                           "a conversion of an external format", "", ObjectChange::kDropped,
                           "this device has no YCbCr conversion: samplers and views go without", "");
  player.learn(HandleKind::kVkSamplerYcbcrConversion, made, 0);
  return Status::ok();
}

Status hook(Player& player, DestroyAccelerationStructureKHRCall& call,
            DestroyAccelerationStructureKHRCall& captured) {
  if (player.usesAddresses() && player.device())
    player.device()->numbers.addresses.destroyed(
        objectOf(player.live<VkAccelerationStructureKHR>(valueOf(captured.accelerationStructure))));
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyBufferCall& call, DestroyBufferCall& captured) {
  player.external().forget(HandleKind::kVkBuffer, valueOf(captured.buffer));
  const auto object = objectOf(player.live<VkBuffer>(valueOf(captured.buffer)));
  if (Device* device = player.device()) {
    if (player.usesAddresses()) device->numbers.addresses.destroyed(object);
    device->captured_sizes.erase(object);
  }
  const Status status = issue(player, call, captured);
  if (status) player.memory().destroyed(object.first, object.second);
  return status;
}

Status hook(Player& player, DestroyImageCall& call, DestroyImageCall& captured) {
  player.external().forget(HandleKind::kVkImage, valueOf(captured.image));
  const auto live = player.live<VkImage>(valueOf(captured.image));
  if (Device* device = player.device()) {
    device->linear.destroyed(live);
    device->host_images.erase(live);
    device->captured_sizes.erase(objectOf(live));
  }
  const Status status = issue(player, call, captured);
  if (status) player.memory().destroyed(HandleKind::kVkImage, valueOf(live));
  return status;
}

Status hook(Player& player, GetAccelerationStructureDeviceAddressKHRCall& call,
            GetAccelerationStructureDeviceAddressKHRCall& captured) {
  Status status = issue(player, call, captured);
  return status && call.pInfo
             ? learnAddress(player, call, captured, objectOf(call.pInfo->accelerationStructure))
             : status;
}

Status hook(Player& player, GetBufferDeviceAddressCall& call, GetBufferDeviceAddressCall& captured) {
  Status status = issue(player, call, captured);
  return status && call.pInfo ? learnAddress(player, call, captured, objectOf(call.pInfo->buffer)) : status;
}

Status hook(Player& player, GetImageDrmFormatModifierPropertiesEXTCall& call,
            GetImageDrmFormatModifierPropertiesEXTCall& captured) {
  const bool tiled = player.external().hasModifier(valueOf(player.live<VkImage>(valueOf(captured.image))));
  if (tiled && Player::has(player.dispatch(), call.kId)) return issue(player, call, captured);
  player.external().report("VkImage", valueOf(captured.image), "VkImageDrmFormatModifierPropertiesEXT",
                           "its modifier", "", ObjectChange::kAnswered,
                           "the image has an ordinary tiling here", "not asked");
  return Status::ok();
}

Status hook(Player& player, GetImageSubresourceLayoutCall& call, GetImageSubresourceLayoutCall& captured) {
  constexpr VkImageAspectFlags kMemoryPlanes =
      VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT | VK_IMAGE_ASPECT_MEMORY_PLANE_1_BIT_EXT |
      VK_IMAGE_ASPECT_MEMORY_PLANE_2_BIT_EXT | VK_IMAGE_ASPECT_MEMORY_PLANE_3_BIT_EXT;
  if (call.pSubresource && (call.pSubresource->aspectMask & kMemoryPlanes) &&
      !player.external().hasModifier(valueOf(player.live<VkImage>(valueOf(captured.image))))) {
    player.external().report("VkImage", valueOf(captured.image), "VkSubresourceLayout",
                             "a memory plane's layout", "", ObjectChange::kAnswered,
                             "the image has an ordinary tiling here", "not asked");
    return Status::ok();
  }
  Status status = issue(player, call, captured);
  if (status && call.pSubresource && call.pLayout && captured.pLayout)
    learnLayout(player, call.image, *call.pSubresource, *captured.pLayout, *call.pLayout);
  return status;
}

}  // namespace reprise
