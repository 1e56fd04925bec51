#include "tools/report/packed_texts.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>

namespace reprise {

std::string deflated(std::string_view bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(size, '\0');
  const int result =
      compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                static_cast<uLong>(bytes.size()), Z_DEFAULT_COMPRESSION);
  if (result != Z_OK) throw std::bad_alloc();  // all that can fail with a buffer of that size
  return packed.substr(0, size);  // a copy: many are kept, and the room was for the worst case
}

uint32_t PackedTexts::add(std::string_view text) {
  if (packed_bytes_ >= most_bytes_) {
    ++left_;
    return 0;
  }
  places_.push_back({static_cast<uint32_t>(packs_.size()), static_cast<uint32_t>(text.size())});
  open_ += text;
  const auto number = static_cast<uint32_t>(places_.size());
  if (open_.size() >= kPackBytes) flush();
  return number;
}

void PackedTexts::flush() {
  if (open_.empty()) return;
  packs_.push_back(deflated(open_));
  packed_bytes_ += packs_.back().size();
  open_.clear();
}

void FrameTexts::add(uint64_t frame, uint64_t shown, std::string_view text) {
  if (!wants(frame)) return;
  units_.push_back({frame, shown, deflated(text)});
  packed_bytes_ += units_.back().packed.size();
  while (packed_bytes_ > most_bytes_ && units_.size() > 1) {
    stride_ *= 2;
    std::erase_if(units_, [this](const Unit& unit) { return !wants(unit.frame); });
    packed_bytes_ = 0;
    for (const Unit& unit : units_) packed_bytes_ += unit.packed.size();
  }
}

}  // namespace reprise
