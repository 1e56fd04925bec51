// What lay in images and buffers when the program acquired them from outside, put there again.
//
// The trace holds it before the submit that saw it. It is copied through a staging buffer, after all earlier
// work of the device and before anything later; an image is left in the layout from which the program
// acquires it. Images that will get contents need VK_IMAGE_USAGE_TRANSFER_DST_BIT, so the whole trace is read
// once for their handles before it is played. One a Player, one thread. Rests on: Vulkan specification,
// "Queue Family Ownership Transfer", "Copying Data Between Buffers and Images".
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "format/reader.h"
#include "format/status.h"
#include "format/vk.h"
#include "replay/gpu_job.h"

namespace reprise {

class Player;
struct Device;

class Contents {
 public:
  explicit Contents(Player& player) : player_(player) {}

  // Shown every event before any is played, where the trace's summary says that there are contents: the
  // handles that get them.
  void see(const Event& event) {
    if (event.kind == Event::kContents) targets_.insert(event.contents.object);
  }

  // Create infos of the trace's objects, before they are made; and the image once it is.
  void prepare(VkImageCreateInfo& info, uint64_t captured);
  void prepare(VkBufferCreateInfo& info, uint64_t captured);
  void made(VkImage live, const VkImageCreateInfo& info, uint64_t captured);
  void made(VkBuffer live, const VkBufferCreateInfo& info, uint64_t captured);

  Status upload(const Event& event);
  void deviceGone(Device* device) { stages_.erase(device); }
  void abandon();  // devices that are still busy keep what they may be using

 private:
  struct Target {  // an image that gets contents
    VkFormat format = VK_FORMAT_UNDEFINED;
    VkExtent3D extent{};
    uint32_t mip_levels = 0, array_layers = 0;
    std::set<std::pair<uint32_t, uint32_t>> given;  // mip level and layer that have contents and a layout
  };
  struct Stage {
    explicit Stage(Device& of) : device(of) {}
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;
    VkResult grow(VkDeviceSize bytes);
    void drop();

    Device& device;
    GpuJob job;
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    void* mapped = nullptr;
    VkDeviceSize size = 0;
    std::unordered_map<VkImage, Target> images;
    std::unordered_map<VkBuffer, VkDeviceSize> buffers;  // bytes
  };

  Stage& stageOf(Device& device);
  // Of a trace that may be anything: does the record lie inside of the object, and has it all of its bytes?
  static bool fits(const Stage& stage, VkImage image, const ContentsRecord& record, size_t bytes);
  static bool fits(const Stage& stage, VkBuffer buffer, const ContentsRecord& record, size_t bytes);
  void copyToImage(Stage& stage, VkImage image, const ContentsRecord& record);
  void copyToBuffer(Stage& stage, VkBuffer buffer, const ContentsRecord& record);

  Player& player_;
  std::unordered_set<uint64_t> targets_;  // captured handles
  std::unordered_map<Device*, std::unique_ptr<Stage>> stages_;
};

}  // namespace reprise
