// Many texts, deflated as they come: zlib streams that a browser unpacks one by one, when they are looked at.
//
// PackedTexts keeps texts until their packed size reaches a limit; what comes later is not kept. FrameTexts
// keeps a text of every frame, then of every second, every fourth ..., so that they lie evenly in a trace of
// any length. One thread's. No errors: of a text that is not kept, the page says so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

// A zlib stream (RFC 1950).
std::string deflated(std::string_view bytes);

class PackedTexts {
 public:
  static constexpr size_t kPackBytes = 32 << 10;  // of text in one stream, or one longer text

  explicit PackedTexts(size_t most_bytes) : most_bytes_(most_bytes) {}

  // Its number from 1 on, 0 if it is not kept.
  uint32_t add(std::string_view text);
  void finish() { flush(); }
  uint64_t left() const { return left_; }  // texts that were not kept

  struct Place {
    uint32_t pack;
    uint32_t size;  // bytes, behind the texts before it in the same pack
  };
  const std::vector<Place>& places() const { return places_; }
  const std::vector<std::string>& packs() const { return packs_; }

 private:
  void flush();

  size_t most_bytes_;
  size_t packed_bytes_ = 0;
  uint64_t left_ = 0;
  std::string open_;
  std::vector<std::string> packs_;
  std::vector<Place> places_;
};

class FrameTexts {
 public:
  struct Unit {
    uint64_t frame = 0;
    uint64_t shown = 0;  // lines of the frame, calls and others, that the text holds
    std::string packed;
  };

  explicit FrameTexts(size_t most_bytes) : most_bytes_(most_bytes) {}

  bool wants(uint64_t frame) const { return frame % stride_ == 0; }
  void add(uint64_t frame, uint64_t shown, std::string_view text);
  uint64_t stride() const { return stride_; }
  const std::vector<Unit>& units() const { return units_; }

 private:
  size_t most_bytes_;
  size_t packed_bytes_ = 0;
  uint64_t stride_ = 1;
  std::vector<Unit> units_;
};

}  // namespace reprise
