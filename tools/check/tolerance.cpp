#include "tools/check/tolerance.h"

#include <charconv>
#include <cstdio>

namespace reprise {
namespace {

bool number(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<Tolerance> Tolerance::parse(const std::string& text) {
  Tolerance tolerance;
  if (text == "exact") return tolerance;
  const std::string_view view = text;
  if (view.starts_with("channel:")) {
    tolerance.kind = kChannel;
    if (number(view.substr(8), tolerance.limit) && tolerance.limit >= 0 && tolerance.limit <= 255)
      return tolerance;
  } else if (view.starts_with("ssim:")) {
    tolerance.kind = kSsim;
    if (number(view.substr(5), tolerance.limit) && tolerance.limit > 0 && tolerance.limit <= 1)
      return tolerance;
  }
  return Status(
      Code::kUsage,
      "a tolerance is exact, channel:N with N from 0 to 255, or ssim:T with T above 0 and up to 1, not \"" +
          text + "\"");
}

std::string Tolerance::text() const {
  if (kind == kExact) return "exact";
  char number[32];
  std::snprintf(number, sizeof number, "%g", limit);
  return (kind == kChannel ? "channel:" : "ssim:") + std::string(number);
}

}  // namespace reprise
