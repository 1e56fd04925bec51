#include "replay/picture_names.h"

#include <charconv>
#include <cstdio>

namespace reprise {
namespace {

constexpr std::string_view kHead = "frame-", kTail = ".png";

}  // namespace

std::string PictureName::text() const {
  char name[48];
  if (index == 0)
    std::snprintf(name, sizeof name, "frame-%06u.png", frame);
  else
    std::snprintf(name, sizeof name, "frame-%06u-%u.png", frame, index);
  return name;
}

std::optional<PictureName> PictureName::parse(std::string_view text) {
  if (!text.starts_with(kHead) || !text.ends_with(kTail)) return std::nullopt;
  PictureName name;
  const char* at = text.data() + kHead.size();
  const char* const end = text.data() + text.size() - kTail.size();
  const auto frame = std::from_chars(at, end, name.frame);
  if (frame.ec != std::errc()) return std::nullopt;
  if (frame.ptr == end) return name;
  const auto index = std::from_chars(frame.ptr + 1, end, name.index);
  if (*frame.ptr != '-' || index.ec != std::errc() || index.ptr != end) return std::nullopt;
  return name;
}

}  // namespace reprise
