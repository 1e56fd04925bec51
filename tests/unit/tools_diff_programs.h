// Programs whose calls are written by hand, and the comparison of two of them: for tests of `reprise diff`.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format/encoder.h"
#include "tests/support/trace_builder.h"
#include "tools/diff/compare.h"
#include "tools/diff/details.h"

namespace reprise {

template <class T>
T handle(uint64_t value) {
  return (T)value;
}

// Writes what a small program does; two of them may be given different handles for the same objects.
class Program {
 public:
  explicit Program(uint64_t base = 0x1000) : base_(base) {
    char name[] = "/tmp/reprise-diff-test-XXXXXX";
    const int fd = ::mkstemp(name);
    EXPECT_GE(fd, 0);
    ::close(fd);
    path_ = name;
    builder_ = std::make_unique<TraceBuilder>(path_);
    builder_->writer().openLane({1, 11, "main"});
    makeDevice();
  }
  ~Program() { ::unlink(path_.c_str()); }

  template <class Packet>
  void call(Packet& packet, uint32_t lane = 1) {
    std::vector<std::byte> inputs, outputs;
    encodeInputs(packet, inputs);
    if (commandInfo(Packet::kId).is_cmd) {
      builder_->command(lane, uint16_t(Packet::kId), inputs);
    } else {
      if (Packet::kHasOutputs) encodeOutputs(packet, outputs);
      builder_->call(lane, uint16_t(Packet::kId), inputs, outputs);
    }
  }

  uint64_t makeImage(uint32_t width, uint32_t lane = 1) {
    VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
    info.extent = {width, 4, 1};
    VkImage image = handle<VkImage>(base_ + 16 * ++made_);
    CreateImageCall create;
    create.device = device();
    create.pCreateInfo = &info;
    create.pImage = &image;
    call(create, lane);
    return uint64_t(image);
  }
  void destroyImage(uint64_t image, uint32_t lane = 1) {
    DestroyImageCall destroy;
    destroy.device = device();
    destroy.image = handle<VkImage>(image);
    call(destroy, lane);
  }
  void draw(uint32_t vertices, uint32_t lane = 1) {
    CmdDrawCall draw;
    draw.commandBuffer = handle<VkCommandBuffer>(base_ + 8);
    draw.vertexCount = vertices;
    call(draw, lane);
  }
  void bindImage(uint64_t image, uint64_t offset = 0) {
    BindImageMemoryCall bind;
    bind.device = device();
    bind.image = handle<VkImage>(image);
    bind.memory = handle<VkDeviceMemory>(base_ + 2);
    bind.memoryOffset = offset;
    call(bind);
  }
  void waitFence(VkResult result, uint64_t timeout) {
    VkFence fence = handle<VkFence>(base_ + 3);
    WaitForFencesCall wait;
    wait.device = device();
    wait.fenceCount = 1;
    wait.pFences = &fence;
    wait.timeout = timeout;
    wait.result = result;
    call(wait);
  }
  void present() {
    VkPresentInfoKHR info{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR};
    QueuePresentKHRCall present;
    present.queue = handle<VkQueue>(base_ + 5);
    present.pPresentInfo = &info;
    call(present);
  }
  uint64_t allocate(uint64_t size, uint32_t lane = 1) {
    VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
    info.allocationSize = size;
    VkDeviceMemory memory = handle<VkDeviceMemory>(base_ + 16 * ++made_);
    AllocateMemoryCall allocate;
    allocate.device = device();
    allocate.pAllocateInfo = &info;
    allocate.pMemory = &memory;
    call(allocate, lane);
    return uint64_t(memory);
  }
  void change(uint64_t offset, std::string_view bytes, uint64_t memory = 0) {
    builder_->memory({memory ? memory : base_ + 2, base_ + 1, 1, offset, bytes.size()}, bytesOf(bytes));
  }

  TraceBuilder& builder() { return *builder_; }
  VkDevice device() const { return handle<VkDevice>(base_ + 1); }
  uint64_t base() const { return base_; }

  const std::string& finish() {
    EXPECT_TRUE(builder_->finish().isOk());
    return path_;
  }
  const std::string& path() const { return path_; }

  static constexpr uint64_t kStart = 3;  // calls that every program begins with

 private:
  void makeDevice() {
    CreateInstanceCall instance;
    VkInstance made_instance = handle<VkInstance>(base_ + 6);
    instance.pInstance = &made_instance;
    call(instance);
    EnumeratePhysicalDevicesCall gpus;
    uint32_t count = 1;
    VkPhysicalDevice gpu = handle<VkPhysicalDevice>(base_ + 7);
    gpus.instance = made_instance;
    gpus.pPhysicalDeviceCount = &count;
    gpus.pPhysicalDevices = &gpu;
    call(gpus);
    CreateDeviceCall device;
    VkDevice made = this->device();
    device.physicalDevice = gpu;
    device.pDevice = &made;
    call(device);
  }

  uint64_t base_;
  uint64_t made_ = 0;
  std::string path_;
  std::unique_ptr<TraceBuilder> builder_;
};

struct Compared {
  DiffOptions options;
  std::unique_ptr<DiffSide> a, b;
  std::unique_ptr<DiffComparison> comparison;

  const DiffCounts& counts() const { return comparison->counts(); }
  std::vector<Difference> differences() const { return comparison->differences(); }

  // Of the first difference, which must be a changed call: "path: a / b", one a line.
  std::string members() const {
    if (differences().empty()) return "no difference";
    const Difference first = differences().front();
    EXPECT_EQ(first.edit.kind, Edit::kChanged);
    const uint64_t in_a = comparison->pair(first.pair).itemA(first.edit.a).position;
    const uint64_t in_b = comparison->pair(first.pair).itemB(first.edit.b).position;
    auto of_a = readDetails(a->path(), options, {{in_a, kMembers}}, false);
    auto of_b = readDetails(b->path(), options, {{in_b, kMembers}}, false);
    EXPECT_TRUE(of_a.isOk() && of_b.isOk());
    std::string text;
    for (const MemberDifference& member :
         differingMembers(of_a.value().at(in_a), of_b.value().at(in_b), comparison->objects()))
      text += member.path + ": " + member.a.value_or("-") + " / " + member.b.value_or("-") + "\n";
    return text;
  }
};

inline std::unique_ptr<Compared> compare(const std::string& a, const std::string& b,
                                         const DiffOptions& options = {}, bool merged = false,
                                         bool prefix = false) {
  auto made = std::make_unique<Compared>();
  made->options = options;
  made->a = std::make_unique<DiffSide>(a, made->options);
  made->b = std::make_unique<DiffSide>(b, made->options);
  for (DiffSide* side : {made->a.get(), made->b.get()}) {
    EXPECT_TRUE(side->open().isOk());
    const Status status = side->read(merged || side->callingThreads() <= 1);
    EXPECT_TRUE(status.isOk()) << status.message();
  }
  made->comparison = std::make_unique<DiffComparison>(*made->a, *made->b, prefix, 50);
  made->comparison->run();
  return made;
}

}  // namespace reprise
