// What a frame is in traces with presents, with marks, with submits only; with and without the index.
#include "format/encoder.h"
#include "format/vk.h"
#include "tests/unit/file_test.h"

namespace reprise {
namespace {

template <class C>
Bytes inputsOf(C call) {
  Bytes bytes;
  encodeInputs(call, bytes);
  return bytes;
}

class FileFrames : public testing::Test {
 protected:
  void submit(const void* next = nullptr) {
    const VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO, next};
    QueueSubmitCall call{};
    call.submitCount = 1;
    call.pSubmits = &info;
    trace_.call(0, uint16_t(Command::vkQueueSubmit), inputsOf(call), Bytes(4));
  }
  void present() {
    const VkPresentInfoKHR info{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR};
    QueuePresentKHRCall call{};
    call.pPresentInfo = &info;
    trace_.call(0, uint16_t(Command::vkQueuePresentKHR), inputsOf(call), Bytes(4));
  }
  void label(const char* text) {
    const VkDebugUtilsLabelEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT, nullptr, text, {}};
    CmdInsertDebugUtilsLabelEXTCall call{};
    call.pLabelInfo = &info;
    trace_.command(0, uint16_t(Command::vkCmdInsertDebugUtilsLabelEXT), inputsOf(call));
  }
  void draw() { trace_.command(0, uint16_t(Command::vkCmdDraw), inputsOf(CmdDrawCall{})); }

  // Frames of the calls, in order; the same from the index, by scanning a file without it, and by seeking.
  std::vector<uint32_t> frames(FrameEnd kind) {
    EXPECT_TRUE(trace_.finish().isOk());
    const ReadAll all = readAll(file_.path(), {});
    EXPECT_TRUE(all.status.isOk()) << all.status.message();
    EXPECT_EQ(all.summary.frame_end, kind);
    Bytes bytes = readFile(file_.path());
    bytes.resize(bytes.size() - kFileEndBytes - 20);  // into the index
    writeFile(cut_.path(), bytes);
    const ReadAll scanned = readAll(cut_.path(), {});
    EXPECT_FALSE(scanned.summary.complete);
    EXPECT_EQ(scanned.summary.frame_end, kind);
    EXPECT_EQ(scanned.summary.frames, all.summary.frames);
    EXPECT_EQ(scanned.events, all.events);
    ReadOptions at_once;
    at_once.count_records = false;
    const ReadAll uncounted = readAll(cut_.path(), at_once);
    EXPECT_FALSE(uncounted.summary.counted);
    EXPECT_EQ(uncounted.events, all.events);
    std::vector<uint32_t> list;
    for (const Seen& seen : all.events) list.push_back(seen.frame);
    checkSeeks(all);
    return list;
  }

  void checkSeeks(const ReadAll& all) {
    for (const std::string& path : {file_.path(), cut_.path()}) {
      auto reader = TraceReader::open(path);
      ASSERT_TRUE(reader.isOk());
      for (uint32_t frame = 0; frame < all.summary.frames; ++frame) {
        ASSERT_TRUE((*reader)->seekFrame(frame).isOk());
        Event event;
        ASSERT_TRUE(*(*reader)->next(event));
        const auto first = std::find_if(all.events.begin(), all.events.end(),
                                        [&](const Seen& seen) { return seen.frame == frame; });
        EXPECT_EQ(seenOf(event), *first) << "frame " << frame;
      }
      EXPECT_FALSE((*reader)->seekFrame(uint32_t(all.summary.frames) + 1).isOk());
    }
  }

  TempFile file_, cut_;
  TraceBuilder trace_{file_.path()};
};

using Frames = std::vector<uint32_t>;

TEST_F(FileFrames, EndWithPresentsWhereThereAreAny) {
  submit();
  label("vr-marker,frame_end,type,application");
  present();
  submit();
  present();
  draw();
  EXPECT_EQ(frames(FrameEnd::kPresent), (Frames{0, 0, 0, 1, 1, 2}));
}

TEST_F(FileFrames, EndWithMarksWhereNothingIsPresented) {
  draw();
  label("vr-marker,frame_end,type,application");
  submit();
  label("shadow pass");
  label("see vr-marker,frame_end");
  submit();
  label("vr-marker,frame_end,type,runtime");
  draw();
  EXPECT_EQ(frames(FrameEnd::kMark), (Frames{0, 0, 1, 1, 1, 1, 1, 2}));
}

TEST_F(FileFrames, EndWithSubmitsElse) {
  draw();
  submit();
  draw();
  submit();
  submit();
  EXPECT_EQ(frames(FrameEnd::kSubmit), (Frames{0, 0, 1, 1, 2}));
}

TEST_F(FileFrames, AreNoneWhereNothingEndsOne) {
  draw();
  draw();
  EXPECT_EQ(frames(FrameEnd::kPresent), (Frames{0, 0}));
}

TEST_F(FileFrames, DoNotEndWithCallsThatNeverReturned) {
  submit();
  trace_.announce(0, uint16_t(Command::vkQueueSubmit), inputsOf(QueueSubmitCall{}), true);
  EXPECT_EQ(frames(FrameEnd::kSubmit), (Frames{0, 1}));
}

#ifdef VK_EXT_frame_boundary
TEST_F(FileFrames, EndWithABoundaryInASubmitsChain) {
  VkFrameBoundaryEXT boundary{VK_STRUCTURE_TYPE_FRAME_BOUNDARY_EXT};
  submit(&boundary);  // in the midst of a frame
  boundary.flags = VK_FRAME_BOUNDARY_FRAME_END_BIT_EXT;
  const VkTimelineSemaphoreSubmitInfo first{VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, &boundary};
  submit(&first);
  submit();
  submit(&boundary);
  EXPECT_EQ(frames(FrameEnd::kMark), (Frames{0, 0, 1, 1}));
}
#endif

TEST(FrameEnds, AreIndexedWhereEachHasATicket) {
  FrameEnds ends;
  for (uint64_t ticket : {3, 1, 2}) ends.add(FrameEnd::kSubmit, true, ticket);
  EXPECT_EQ(ends.tickets(), (std::vector<uint64_t>{1, 2, 3}));
  ends.add(FrameEnd::kMark, true, 9);
  ends.add(FrameEnd::kSubmit, true, 10);
  EXPECT_EQ(ends.kind(), FrameEnd::kMark);
  EXPECT_EQ(ends.tickets(), (std::vector<uint64_t>{9}));
  ends.add(FrameEnd::kMark, false, 0);
  EXPECT_EQ(ends.count(), 2u);
  EXPECT_TRUE(ends.tickets().empty());
}

}  // namespace
}  // namespace reprise
