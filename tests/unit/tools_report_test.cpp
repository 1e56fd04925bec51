// The report's tables: exact whatever their limits leave out, and a digest of a trace made by hand.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <numeric>

#include "format/encoder.h"
#include "tests/support/trace_builder.h"
#include "tools/report/columns.h"
#include "tools/report/pictures.h"
#include "tools/report/rgb_image.h"
#include "tools/report/trace_digest.h"

namespace reprise {
namespace {

template <class T>
T handle(uint64_t value) {
  return (T)value;
}

std::string inflatedText(const std::string& packed) {
  std::string text(1 << 20, '\0');
  uLongf size = text.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                       reinterpret_cast<const Bytef*>(packed.data()), packed.size()),
            Z_OK);
  text.resize(size);
  return text;
}

TEST(Report, NumbersAreLeb128) {
  Columns columns;
  columns.number(0);
  columns.number(300);
  columns.steps(std::vector<uint64_t>{5, 5, 200}, [](uint64_t value) { return value; });
  columns.text("ab");
  EXPECT_EQ(columns.bytes(), std::string("\x00\xac\x02\x05\x00\xc3\x01\x02"
                                         "ab",
                                         10));
}

// `frames` frames; frame f makes f % 3 + 1 calls of command f % 5, and one of command 9.
FrameRows filledRows(uint64_t frames, size_t most_rows, size_t most_uses) {
  FrameRows rows(most_rows, most_uses);
  uint64_t call = 0;
  for (uint64_t frame = 0; frame < frames; ++frame) {
    FrameRow& row = rows.begin(frame, call);
    for (uint64_t i = 0; i < frame % 3 + 1; ++i) rows.countCommand(uint32_t(frame % 5));
    rows.countCommand(9);
    row.calls += frame % 3 + 2;
    row.submits += 1;
    row.end_us = frame * 10;
    call += frame % 3 + 2;
  }
  rows.finish();
  return rows;
}

uint64_t callsOf(const FrameRows& rows, uint32_t command) {
  uint64_t calls = 0;
  for (const CommandUse& use : rows.uses()) calls += use.command == command ? use.calls : 0;
  return calls;
}

TEST(Report, ARowIsAFrameWhileThereIsRoom) {
  const FrameRows rows = filledRows(7, 100, 1000);
  ASSERT_EQ(rows.rows().size(), 7u);
  EXPECT_EQ(rows.framesPerRow(), 1u);
  EXPECT_EQ(rows.rows()[4].calls, 3u);
  EXPECT_EQ(rows.rows()[4].first_call, 2u + 3 + 4 + 2);
  EXPECT_EQ(rows.rows()[4].counts, 2u);
}

TEST(Report, MoreFramesThanRowsAreAddedUp) {
  for (const uint64_t frames : {17, 64, 65, 1000}) {
    const FrameRows all = filledRows(frames, 10'000, 100'000), few = filledRows(frames, 16, 100'000);
    EXPECT_LE(few.rows().size(), 16u);
    EXPECT_EQ(few.rows().size(), (frames + few.framesPerRow() - 1) / few.framesPerRow());
    for (const uint32_t command : {0u, 3u, 9u}) EXPECT_EQ(callsOf(few, command), callsOf(all, command));
    uint64_t calls = 0;
    size_t uses = 0;
    for (size_t i = 0; i < few.rows().size(); ++i) {
      const size_t first = i * few.framesPerRow();
      EXPECT_EQ(few.rows()[i].first_call, all.rows()[first].first_call) << frames << " frames, row " << i;
      calls += few.rows()[i].calls;
      uses += few.rows()[i].counts;
    }
    EXPECT_EQ(calls, std::accumulate(all.rows().begin(), all.rows().end(), uint64_t{0},
                                     [](uint64_t sum, const FrameRow& row) { return sum + row.calls; }));
    EXPECT_EQ(uses, few.uses().size());
    EXPECT_EQ(few.rows().back().end_us, (frames - 1) * 10);
  }
}

TEST(Report, UsesBoundTheRowsToo) {
  const FrameRows rows = filledRows(1000, 10'000, 64);
  EXPECT_LE(rows.uses().size(), 64u);
  EXPECT_GT(rows.framesPerRow(), 1u);
  EXPECT_EQ(callsOf(rows, 9), 1000u);
}

TEST(Report, PackedTextsComeBackUntilThereIsNoRoom) {
  PackedTexts texts(1000);
  std::string first(PackedTexts::kPackBytes / 2, 'a');
  EXPECT_EQ(texts.add(first), 1u);
  EXPECT_EQ(texts.add("second"), 2u);
  EXPECT_EQ(texts.add(std::string(PackedTexts::kPackBytes, 'c')), 3u);  // fills the stream
  std::string noise;
  for (uint32_t i = 0, state = 1; i < PackedTexts::kPackBytes; ++i)
    noise += char((state = state * 1664525 + 1013904223) >> 24);
  EXPECT_EQ(texts.add(noise), 4u);
  EXPECT_EQ(texts.add("fifth"), 0u);
  texts.finish();
  EXPECT_EQ(texts.left(), 1u);
  ASSERT_EQ(texts.packs().size(), 2u);
  EXPECT_EQ(inflatedText(texts.packs()[0]).substr(first.size(), texts.places()[1].size), "second");
  EXPECT_EQ(texts.places()[3].pack, 1u);
  EXPECT_EQ(inflatedText(texts.packs()[1]), noise);
}

TEST(Report, TextsOfFramesLieEvenly) {
  FrameTexts texts(400);
  for (uint64_t frame = 0; frame < 200; ++frame)
    texts.add(frame, 1, "text " + std::to_string(frame * 7919) + " of a frame");
  EXPECT_GT(texts.stride(), 1u);
  ASSERT_GT(texts.units().size(), 2u);
  for (size_t i = 0; i < texts.units().size(); ++i) EXPECT_EQ(texts.units()[i].frame, i * texts.stride());
  EXPECT_EQ(inflatedText(texts.units()[1].packed),
            "text " + std::to_string(texts.stride() * 7919) + " of a frame");
}

TEST(Report, ObjectsBeyondTheLimitAreCounted) {
  ObjectRows objects({.most = 10, .most_of_kind = 2, .most_name_bytes = 200});
  const ObjectName first{HandleKind::kVkImage, 1}, third{HandleKind::kVkImage, 3};
  EXPECT_NE(objects.make(first, {1, 0, 0, 0}), nullptr);
  EXPECT_NE(objects.make({HandleKind::kVkImage, 2}, {2, 0, 0, 0}), nullptr);
  EXPECT_EQ(objects.make(third, {3, 0, 0, 0}), nullptr);
  EXPECT_EQ(objects.made(HandleKind::kVkImage), 3u);
  objects.end(third, {9, 1, 0, 0});  // is nobody's
  objects.end(first, {9, 1, 2, 5});
  objects.end(first, {10, 1, 2, 5});  // ended already
  EXPECT_TRUE(objects.rows()[0].ended);
  EXPECT_EQ(objects.rows()[0].end.call, 9u);
  EXPECT_FALSE(objects.rows()[1].ended);
  objects.name(first, "shadow map");
  objects.name({HandleKind::kVkImage, 2}, "shadow map");
  EXPECT_EQ(objects.names().size(), 1u);
  objects.name(first, "");
  EXPECT_EQ(objects.rows()[0].name, 0u);
  EXPECT_EQ(objects.rows()[1].name, 1u);
  objects.name(first, std::string(1000, 'x'));
  EXPECT_EQ(objects.namesLeft(), 1u);
}

// A trace of two frames: an exportable image with its memory and a name, a buffer that outlives all.
class ReportTrace : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  template <class Packet>
  void call(Packet& packet) {
    std::vector<std::byte> inputs, outputs;
    encodeInputs(packet, inputs);
    if (Packet::kHasOutputs) encodeOutputs(packet, outputs);
    builder_.call(0, uint16_t(Packet::kId), inputs, outputs);
  }

  void makeDevice() {
    CreateInstanceCall instance;
    VkInstance made_instance = handle<VkInstance>(0x10);
    instance.pInstance = &made_instance;
    call(instance);
    EnumeratePhysicalDevicesCall gpus;
    gpus.instance = made_instance;
    uint32_t count = 1;
    VkPhysicalDevice gpu = handle<VkPhysicalDevice>(0x20);
    gpus.pPhysicalDeviceCount = &count;
    gpus.pPhysicalDevices = &gpu;
    call(gpus);
    CreateDeviceCall device;
    device.physicalDevice = gpu;
    device.pDevice = &device_;
    call(device);
    GetDeviceQueueCall queue;
    queue.device = device_;
    queue.pQueue = &queue_;
    call(queue);
  }

  void makeImage() {
    VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr,
                                             VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT};
    VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, &external};
    CreateImageCall image;
    image.device = device_;
    image.pCreateInfo = &info;
    image.pImage = &image_;
    call(image);
    VkMemoryAllocateInfo size{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, 4096, 0};
    AllocateMemoryCall memory;
    memory.device = device_;
    memory.pAllocateInfo = &size;
    memory.pMemory = &memory_;
    call(memory);
    BindImageMemoryCall bind;
    bind.device = device_;
    bind.image = image_;
    bind.memory = memory_;
    call(bind);
    VkDebugUtilsObjectNameInfoEXT name{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT, nullptr,
                                       VK_OBJECT_TYPE_IMAGE, uint64_t(image_), "<script>alert(1)</script>"};
    SetDebugUtilsObjectNameEXTCall named;
    named.device = device_;
    named.pNameInfo = &name;
    call(named);
  }

  void present() {
    VkPresentInfoKHR info{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR};
    QueuePresentKHRCall present;
    present.queue = queue_;
    present.pPresentInfo = &info;
    call(present);
  }

  void submitAndDestroy() {
    QueueSubmitCall submit;
    submit.queue = queue_;
    call(submit);
    builder_.memory({.memory = uint64_t(memory_), .device = uint64_t(device_)}, bytesOf("twelve bytes"));
    builder_.hole(0, HoleCause::kUnknownStruct, 77, "a struct of tomorrow");
    DestroyImageCall destroy;
    destroy.device = device_;
    destroy.image = image_;
    call(destroy);
  }

  Digest& digest(const DigestLimits& limits = {}) {
    EXPECT_TRUE(builder_.finish());
    auto reader = TraceReader::open(path_);
    EXPECT_TRUE(reader);
    digest_ = std::make_unique<Digest>(limits);
    const Status status = digestTrace(**reader, limits, *digest_);
    EXPECT_TRUE(status) << status.message();
    return *digest_;
  }

  const ObjectRow* find(HandleKind kind) const {
    for (const ObjectRow& row : digest_->objects.rows())
      if (row.kind == kind) return &row;
    return nullptr;
  }

  std::string textOf(const PackedTexts& texts, uint32_t number) const {
    const PackedTexts::Place& place = texts.places()[number - 1];
    size_t begin = 0;
    for (uint32_t i = number - 1; i > 0 && texts.places()[i - 1].pack == place.pack; --i)
      begin += texts.places()[i - 1].size;
    return inflatedText(texts.packs()[place.pack]).substr(begin, place.size);
  }

  std::string path_ = testing::TempDir() + "reprise_report-" + std::to_string(::getpid()) + ".vkr";
  TraceBuilder builder_{path_};
  std::unique_ptr<Digest> digest_;
  VkDevice device_ = handle<VkDevice>(0x30);
  VkQueue queue_ = handle<VkQueue>(0x40);
  VkImage image_ = handle<VkImage>(0x50);
  VkDeviceMemory memory_ = handle<VkDeviceMemory>(0x60);
};

TEST_F(ReportTrace, FramesAndTheirCounters) {
  makeDevice();
  makeImage();
  present();
  submitAndDestroy();
  present();
  const Digest& d = digest();
  ASSERT_EQ(d.frames.rows().size(), 2u);
  EXPECT_EQ(d.frames.rows()[0].calls, 9u);
  EXPECT_EQ(d.frames.rows()[1].calls, 3u);
  EXPECT_EQ(d.frames.rows()[1].first_call, 9u);
  EXPECT_EQ(d.frames.rows()[0].submits, 0u);
  EXPECT_EQ(d.frames.rows()[1].submits, 1u);
  EXPECT_EQ(d.frames.rows()[1].memory_bytes, 12u);
  EXPECT_GT(d.frames.rows()[0].argument_bytes, 0u);
  EXPECT_EQ(d.calls, 12u);
  ASSERT_EQ(d.holes.size(), 1u);
  EXPECT_NE(d.holes[0].find("a struct of tomorrow"), std::string::npos);
}

TEST_F(ReportTrace, AnImageItsChainAndItsMemory) {
  makeDevice();
  makeImage();
  present();
  submitAndDestroy();
  const Digest& d = digest();
  const ObjectRow* image = find(HandleKind::kVkImage);
  ASSERT_NE(image, nullptr);
  EXPECT_TRUE(image->external);
  EXPECT_TRUE(image->ended);
  EXPECT_EQ(image->made.call, 4u);
  EXPECT_EQ(image->made.frame, 0u);
  EXPECT_EQ(image->end.frame, 1u);
  EXPECT_EQ(d.commands[image->end.command].name, "vkDestroyImage");
  ASSERT_NE(image->name, 0u);
  EXPECT_EQ(d.objects.names()[image->name - 1], "<script>alert(1)</script>");
  ASSERT_NE(image->memory, 0u);
  EXPECT_EQ(d.objects.rows()[image->memory - 1].kind, HandleKind::kVkDeviceMemory);
  ASSERT_NE(image->made_text, 0u);
  const std::string text = textOf(d.image_texts, image->made_text);
  EXPECT_TRUE(text.starts_with("4 t0 vkCreateImage(")) << text;
  EXPECT_NE(text.find("VkExternalMemoryImageCreateInfo"), std::string::npos) << text;
  EXPECT_NE(text.find("HANDLE_TYPE_OPAQUE_WIN32_BIT"), std::string::npos) << text;
  ASSERT_NE(image->bound_text, 0u);
  EXPECT_NE(textOf(d.image_texts, image->bound_text).find("vkBindImageMemory"), std::string::npos);
  const auto chained = d.objects.structs().find(VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);
  ASSERT_NE(chained, d.objects.structs().end());
  EXPECT_EQ(chained->second.calls, 1u);
  EXPECT_EQ(chained->second.objects, 1u);
  EXPECT_FALSE(find(HandleKind::kVkDeviceMemory)->ended);
}

TEST_F(ReportTrace, ADeadDeviceTakesItsObjectsAlong) {
  makeDevice();
  makeImage();
  DestroyDeviceCall destroy;
  destroy.device = device_;
  call(destroy);
  digest();
  for (const HandleKind kind : {HandleKind::kVkDevice, HandleKind::kVkImage, HandleKind::kVkQueue})
    EXPECT_TRUE(find(kind)->ended) << handleKindName(kind);
  EXPECT_FALSE(find(HandleKind::kVkInstance)->ended);
}

TEST_F(ReportTrace, FramesAreShownAsDumpShowsThem) {
  makeDevice();
  present();
  present();
  DigestLimits limits;
  limits.calls_of_first = 2;
  const Digest& d = digest(limits);
  ASSERT_EQ(d.frame_texts.units().size(), 2u);
  EXPECT_EQ(d.frame_texts.units()[0].shown, 2u);
  const std::string first = inflatedText(d.frame_texts.units()[0].packed);
  EXPECT_TRUE(first.starts_with("==== frame 0\n0 t0 vkCreateInstance(")) << first;
  EXPECT_EQ(first.find("vkCreateDevice"), std::string::npos);
  EXPECT_TRUE(
      inflatedText(d.frame_texts.units()[1].packed).starts_with("==== frame 1\n5 t0 vkQueuePresentKHR("));
}

TEST_F(ReportTrace, AnEmptyTraceIsARowOfNothing) {
  const Digest& d = digest();
  ASSERT_EQ(d.frames.rows().size(), 1u);
  EXPECT_EQ(d.frames.rows()[0].calls, 0u);
  EXPECT_TRUE(d.objects.rows().empty());
}

TEST(Report, FramesAreChosenEvenly) {
  EXPECT_EQ(evenFrames(0, 24), (std::vector<uint32_t>{}));
  EXPECT_EQ(evenFrames(3, 24), (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(evenFrames(101, 5), (std::vector<uint32_t>{0, 25, 50, 75, 100}));
  EXPECT_EQ(evenFrames(10, 1), (std::vector<uint32_t>{0}));
}

TEST(Report, PicturesShrinkInLinearLight) {
  RgbImage stripes{4, 2, {}};
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 4; ++x)
      for (int c = 0; c < 3; ++c) stripes.rgb.push_back(x % 2 ? 255 : 0);
  const RgbImage small = scaledDown(stripes, 2);
  ASSERT_EQ(small.width, 2u);
  ASSERT_EQ(small.height, 1u);
  for (const uint8_t value : small.rgb) EXPECT_EQ(value, 188);  // half of white's light, in sRGB
  RgbImage flat{300, 7, std::vector<uint8_t>(300 * 7 * 3, 3)};
  for (const uint8_t value : scaledDown(flat, 128).rgb) ASSERT_EQ(value, 3);
  EXPECT_EQ(scaledDown(flat, 300).rgb, flat.rgb);
}

TEST(Report, PicturesAreReadAsTheyWereWritten) {
  const std::string path = testing::TempDir() + "reprise_report.png";
  const RgbImage raster{3, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  writeFile(path, bytesOf(pngBytes(raster)));
  const Result<RgbImage> read = readRgbPng(path);
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(read.value().width, 3u);
  EXPECT_EQ(read.value().rgb, raster.rgb);
  writeFile(path, bytesOf("no picture"));
  EXPECT_EQ(readRgbPng(path).status().code(), Code::kUnreadable);
  std::filesystem::remove(path);
  EXPECT_EQ(readRgbPng(path).status().code(), Code::kUnreadable);
}

}  // namespace
}  // namespace reprise
