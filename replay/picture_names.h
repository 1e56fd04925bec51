// Names of the files that pictures of presents get, there and back. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reprise {

struct PictureName {
  uint32_t frame = 0;
  uint32_t index = 0;  // of several images in one present

  std::string text() const;  // "frame-000012.png"; "frame-000012-1.png"
  static std::optional<PictureName> parse(std::string_view text);
};

}  // namespace reprise
