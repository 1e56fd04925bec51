// Which events the options of `reprise dump` select, on traces written by hand; and what is said of wrong
// options.
#include "tools/print/selection.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "format/encoder.h"
#include "tests/support/trace_builder.h"
#include "tools/print/hex_dump.h"
#include "tools/print/registry_names.h"

namespace reprise {
namespace {

template <class T>
T handle(uint64_t value) {
  return (T)value;
}

// Two images and a buffer in one memory; a frame ends after each of three presents.
class SelectionTest : public testing::Test {
 protected:
  static constexpr uint64_t kImage = 0x100, kOther = 0x200, kBuffer = 0x300, kMemory = 0x400;

  SelectionTest()
      : path_(testing::TempDir() + "/selection-" + std::to_string(::getpid()) + ".vkr"), trace_(path_) {}
  ~SelectionTest() override { ::unlink(path_.c_str()); }

  template <class Packet>
  void call(Packet packet, uint32_t lane = 0) {
    std::vector<std::byte> inputs, outputs;
    encodeInputs(packet, inputs);
    if (Packet::kHasOutputs) encodeOutputs(packet, outputs);
    if (commandInfo(Packet::kId).is_cmd) {
      trace_.command(lane, uint16_t(Packet::kId), inputs);
    } else {
      trace_.call(lane, uint16_t(Packet::kId), inputs, outputs);
    }
  }
  void change(uint64_t offset, uint64_t size) {
    const Bytes bytes(size, std::byte(7));
    trace_.memory({kMemory, 0x30, 1, offset, uint32_t(size)}, bytes);
  }
  void present() {
    const VkPresentInfoKHR info{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR};
    QueuePresentKHRCall packet;
    packet.queue = handle<VkQueue>(0x50);
    packet.pPresentInfo = &info;
    call(packet);
  }
  void createImage(uint64_t value, uint32_t width) {
    VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
    info.extent = {width, 8, 1};
    VkImage image = handle<VkImage>(value);
    CreateImageCall packet;
    packet.device = device_;
    packet.pCreateInfo = &info;
    packet.pImage = &image;
    call(packet);
    VkMemoryRequirements needs{1024, 1, 1};
    GetImageMemoryRequirementsCall asked;
    asked.device = device_;
    asked.image = image;
    asked.pMemoryRequirements = &needs;
    call(asked);
  }
  void bindImage(uint64_t value, uint64_t offset) {
    BindImageMemoryCall packet;
    packet.device = device_;
    packet.image = handle<VkImage>(value);
    packet.memory = handle<VkDeviceMemory>(kMemory);
    packet.memoryOffset = offset;
    call(packet);
  }

  void write() {
    call(madeInstance());       // 0
    createImage(kImage, 640);   // 1, 2
    createImage(kOther, 8000);  // 3, 4
    VkDeviceMemory memory = handle<VkDeviceMemory>(kMemory);
    VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, 4096, 0};
    AllocateMemoryCall allocate;
    allocate.device = device_;
    allocate.pAllocateInfo = &info;
    allocate.pMemory = &memory;
    call(allocate);           // 5
    bindImage(kImage, 0);     // 6
    bindImage(kOther, 2048);  // 7
    present();                // 8, ends frame 0
    change(512, 16);          // of the first image; counts as call 9's
    change(1024, 16);         // of none
    change(2000, 100);        // of the other
    call(CmdDrawCall{}, 1);   // 9
    trace_.hole(0, HoleCause::kUnknownStruct, 1, "lost");
    present();  // 10, ends frame 1
    DestroyImageCall destroy;
    destroy.device = device_;
    destroy.image = handle<VkImage>(kImage);
    call(destroy);    // 11
    present();        // 12, ends frame 2
    change(512, 32);  // of no image any more
    ASSERT_TRUE(trace_.finish().isOk());
  }

  // The device's creation is what makes its handle an owner.
  CreateDeviceCall madeInstance() {
    CreateDeviceCall packet;
    packet.pDevice = &device_;
    return packet;
  }

  // "7" for a call, "m512" for a memory change, "hole".
  std::vector<std::string> chosen(const SelectionOptions& options) {
    std::vector<std::string> found;
    auto selection = Selection::parse(options);
    EXPECT_TRUE(selection.isOk()) << selection.status().message();
    auto reader = TraceReader::open(path_);
    EXPECT_TRUE(reader.isOk());
    EXPECT_TRUE(selection->bindTo(**reader, path_, {}).isOk());
    const bool tracks = selection->needsObjects();
    EXPECT_TRUE(selection->start(**reader, tracks).isOk());
    Objects objects;
    EventPrinter printer(Tree::Format::kText, 8);
    Event event;
    while (*(*reader)->next(event)) {
      if (tracks) selection->see(event, objects.see(event));
      const Selection::Place place = selection->placeOf(event);
      if (place == Selection::Place::kBeyond) break;
      if (place == Selection::Place::kBefore && !tracks) {
        EXPECT_TRUE(selection->skip(**reader, event).isOk());
      }
      if (place == Selection::Place::kIn && selection->isChosen(event, printer))
        found.push_back(nameOf(event));
      printer.forget();
      if (selection->endsWith(event)) break;
    }
    return found;
  }
  static std::string nameOf(const Event& event) {
    if (event.kind == Event::kMemory) return "m" + std::to_string(event.memory.offset);
    return event.kind == Event::kHole ? "hole" : std::to_string(event.call_number);
  }

  VkDevice device_ = handle<VkDevice>(0x30);
  std::string path_;
  TraceBuilder trace_;
};

using Names = std::vector<std::string>;

TEST_F(SelectionTest, FramesAndCalls) {
  write();
  EXPECT_EQ(chosen({.frames = {"1"}}), (Names{"m512", "m1024", "m2000", "hole", "9", "10"}));
  EXPECT_EQ(chosen({.frames = {"2-", "0"}}),
            (Names{"0", "1", "2", "3", "4", "5", "6", "7", "8", "11", "12", "m512"}));
  EXPECT_EQ(chosen({.calls = {"9"}}), (Names{"m512", "m1024", "m2000", "hole", "9"}));
  EXPECT_EQ(chosen({.calls = {"12", "2-3", "3-4"}}), (Names{"2", "3", "4", "12"}));
  EXPECT_EQ(chosen({.frames = {"1-2"}, .calls = {"0-9", "11"}}),
            (Names{"m512", "m1024", "m2000", "hole", "9", "11"}));
}

TEST_F(SelectionTest, ObjectsFromMakingToEnd) {
  write();
  EXPECT_EQ(chosen({.objects = {"VkImage:1"}}), (Names{"1", "2", "6", "m512", "hole", "11"}));
  EXPECT_EQ(chosen({.objects = {"VkImage:2"}}), (Names{"3", "4", "7", "m2000", "hole"}));
  EXPECT_EQ(chosen({.objects = {"VkImage:0x200"}}), (Names{"3", "4", "7", "m2000", "hole"}));
  EXPECT_EQ(chosen({.frames = {"1"}, .objects = {"VkImage:1"}}), (Names{"m512", "hole"}));
  EXPECT_EQ(chosen({.commands = {"vkCreate*", "vkDestroy*"}, .objects = {"VkImage:1", "VkImage:2"}}),
            (Names{"1", "3", "hole", "11"}));
  EXPECT_EQ(chosen({.objects = {"VkDeviceMemory:1"}}),
            (Names{"5", "6", "7", "m512", "m1024", "m2000", "hole", "m512"}));
}

// Buffers side by side in one memory, every other one destroyed before the memory changes.
TEST_F(SelectionTest, ManyObjectsInOneMemory) {
  constexpr uint64_t kCount = 3000, kSize = 16;
  const auto buffer = [](uint64_t i) { return handle<VkBuffer>(0x10000 + i); };
  call(madeInstance());
  VkDeviceMemory memory = handle<VkDeviceMemory>(kMemory);
  AllocateMemoryCall allocate;
  allocate.device = device_;
  allocate.pMemory = &memory;
  call(allocate);
  for (uint64_t i = 0; i < kCount; ++i) {
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = kSize;
    VkBuffer made = buffer(i);
    CreateBufferCall create;
    create.device = device_;
    create.pCreateInfo = &info;
    create.pBuffer = &made;
    call(create);
    VkDebugUtilsObjectNameInfoEXT name{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT};
    name.objectType = VK_OBJECT_TYPE_BUFFER;
    name.objectHandle = uint64_t(made);
    name.pObjectName = "part";
    SetDebugUtilsObjectNameEXTCall named;
    named.device = device_;
    named.pNameInfo = &name;
    call(named);
    BindBufferMemoryCall bind;
    bind.device = device_;
    bind.buffer = made;
    bind.memory = memory;
    bind.memoryOffset = i * kSize;
    call(bind);
  }
  for (uint64_t i = 1; i < kCount; i += 2) {
    DestroyBufferCall destroy;
    destroy.device = device_;
    destroy.buffer = buffer(i);
    call(destroy);
  }
  const uint64_t first_of_changes = 2 + 3 * kCount + kCount / 2;
  for (uint64_t i = 0; i < kCount; ++i) change(i * kSize + 4, 8);
  change(100 * kSize + 8, 2 * kSize);  // from one that is there to the next one that is
  ASSERT_TRUE(trace_.finish().isOk());
  Names found = chosen({.named = {"part"}});
  ASSERT_EQ(found.size(), first_of_changes - 2 + kCount / 2 + 1);
  found.erase(found.begin(), found.begin() + ptrdiff_t(first_of_changes - 2));
  for (uint64_t i = 0; i < kCount / 2; ++i) EXPECT_EQ(found[i], "m" + std::to_string(2 * i * kSize + 4));
  EXPECT_EQ(found.back(), "m" + std::to_string(100 * kSize + 8));
}

TEST_F(SelectionTest, StructsAndValues) {
  write();
  EXPECT_EQ(chosen({.structs = {"VkExtent3D"}}), (Names{"1", "3", "hole"}));
  EXPECT_EQ(chosen({.structs = {"VkMemoryAllocateInfo", "VkMemoryRequirements"}}),
            (Names{"2", "4", "5", "hole"}));
  EXPECT_EQ(chosen({.where = {"extent.width > 4096"}}), (Names{"3", "hole"}));
  EXPECT_EQ(chosen({.structs = {"VkImageCreateInfo"}, .where = {"width == 640", "width == 1"}}),
            (Names{"1", "hole"}));
  EXPECT_EQ(chosen({.frames = {"0"}, .commands = {"vkCmd*", "vkBind*"}}), (Names{"6", "7"}));
}

TEST_F(SelectionTest, ThreadsByNumber) {
  write();
  EXPECT_EQ(chosen({.threads = {"1"}}), (Names{"9"}));
}

TEST(SelectionOptions, AnyOfThemSelects) {
  const auto selects = [](const SelectionOptions& options) { return Selection::parse(options)->selects(); };
  EXPECT_FALSE(selects({}));
  EXPECT_TRUE(selects({.frames = {"1"}}));
  EXPECT_TRUE(selects({.named = {"x"}}));
  EXPECT_TRUE(selects({.where = {"x"}}));
}

Status statusOf(const SelectionOptions& options) { return Selection::parse(options).status(); }

TEST(SelectionErrors, NameWhatIsMeant) {
  EXPECT_NE(statusOf({.structs = {"VkImageCreateInf"}}).message().find("did you mean VkImageCreateInfo?"),
            std::string::npos);
  EXPECT_NE(statusOf({.objects = {"VkImge:4"}}).message().find("did you mean VkImage?"), std::string::npos);
  for (const char* wrong : {"VkImage", "VkImage:", "VkImage:0", "VkImage:-1", "VkImage:x", "VkImage:0x",
                            "VkImage:0x0", "VkImage:0x1g", ":1", "", "VkImage:1 "}) {
    EXPECT_EQ(statusOf({.objects = {wrong}}).code(), Code::kUsage) << wrong;
  }
  for (const char* wrong : {"8-3", "-1", "a", "1-b", "1-2-3", "", "18446744073709551616"})
    EXPECT_EQ(statusOf({.calls = {wrong}}).code(), Code::kUsage) << wrong;
  EXPECT_EQ(statusOf({.frames = {"4294967296"}}).code(), Code::kUsage);
}

TEST(RegistryNames, AliasesAndNeighbours) {
  EXPECT_EQ(structNamed("VkPhysicalDeviceFeatures2KHR"), "VkPhysicalDeviceFeatures2");
  EXPECT_EQ(structNamed("VkExtent3D"), "VkExtent3D");
  EXPECT_EQ(structNamed("VkNothing"), "");
  EXPECT_EQ(valueNamed("VK_FORMAT_R8G8B8A8_UNORM")->value, uint64_t(VK_FORMAT_R8G8B8A8_UNORM));
  EXPECT_TRUE(valueNamed("VK_ERROR_DEVICE_LOST")->is_signed);
  EXPECT_EQ(valueNamed("VK_WHOLE_SIZE")->value, VK_WHOLE_SIZE);
  EXPECT_FALSE(valueNamed("VK_NOTHING"));
  EXPECT_EQ(handleKindNamed("VkImage"), HandleKind::kVkImage);
  EXPECT_EQ(handleKindNamed("VkThing"), HandleKind::kNone);
  EXPECT_EQ(nearestName("vkimage", handleNames()), "VkImage");
  EXPECT_EQ(nearestName("completely else", handleNames()), "");
}

TEST(HexDump, OffsetsBytesAndAscii) {
  std::string out;
  appendHexLines(std::string_view("AB\x1b\0\xff", 5), 0x1fffffff0, 2, out);
  EXPECT_EQ(out, "  1fffffff0  41 42 1b 00 ff                                    |AB...|\n");
  out.clear();
  appendHexLines("0123456789abcdefg", 0, 0, out);
  EXPECT_EQ(out,
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
            "00000010  67                                                |g|\n");
}

}  // namespace
}  // namespace reprise
