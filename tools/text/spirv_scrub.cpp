#include "tools/text/spirv_scrub.h"

#include <cstring>
#include <string>

#include "format/little_endian.h"

namespace reprise {
namespace {

constexpr uint32_t kMagic = 0x07230203;
constexpr size_t kHeaderWords = 5;
enum Op : uint16_t {
  kOpSourceContinued = 2,
  kOpSource = 3,
  kOpName = 5,
  kOpMemberName = 6,
  kOpString = 7,
  kOpModuleProcessed = 330,
};
constexpr size_t kSourceWords = 4;  // OpSource with language, version and file: a text may follow
constexpr const char* kPlace = "shaders";

using Words = std::vector<uint32_t>;

std::string textOf(std::span<const uint32_t> words) {
  const auto* text = reinterpret_cast<const char*>(words.data());
  return {text, strnlen(text, words.size_bytes())};
}

void appendText(Words& out, const std::string& text) {
  const size_t words = text.size() / sizeof(uint32_t) + 1;  // with the zero that ends it
  out.resize(out.size() + words, 0);
  std::memcpy(out.data() + out.size() - words, text.data(), text.size());
}

void appendHead(Words& out, uint16_t op, size_t words) {
  out.push_back(static_cast<uint32_t>(words << 16 | op));
}

// Appends what stays of an instruction.
void instruction(std::span<const uint32_t> words, bool names, Pseudonyms& pseudonyms, Words& out) {
  const auto op = static_cast<uint16_t>(words[0]);
  const auto keep = [&] { out.insert(out.end(), words.begin(), words.end()); };
  switch (op) {
    case kOpSourceContinued:
      return pseudonyms.note("shader source", textOf(words.subspan(1)), kPlace);
    case kOpModuleProcessed:
      return pseudonyms.note("compiler option", textOf(words.subspan(1)), kPlace);
    case kOpSource:
      if (words.size() <= kSourceWords) return keep();
      pseudonyms.note("shader source", textOf(words.subspan(kSourceWords)), kPlace);
      appendHead(out, op, kSourceWords);
      out.insert(out.end(), words.begin() + 1, words.begin() + kSourceWords);
      return;
    case kOpString: {
      if (words.size() < 3) return keep();
      const std::string text = pseudonyms.replace("shader text", textOf(words.subspan(2)), kPlace);
      const size_t head = out.size();
      appendHead(out, op, 2);
      out.push_back(words[1]);
      appendText(out, text);
      out[head] = static_cast<uint32_t>((out.size() - head) << 16 | op);
      return;
    }
    case kOpName:
    case kOpMemberName: {
      const size_t at = op == kOpName ? 2 : 3;
      if (!names || words.size() <= at) return keep();
      return pseudonyms.note("shader name", textOf(words.subspan(at)), kPlace);
    }
    default:
      return keep();
  }
}

}  // namespace

std::optional<std::vector<std::byte>> scrubSpirv(std::span<const std::byte> code, bool names,
                                                 Pseudonyms& pseudonyms) {
  if (code.size() % sizeof(uint32_t) != 0 || code.size() < kHeaderWords * sizeof(uint32_t))
    return std::nullopt;
  if (loadLe<uint32_t>(code.data()) != kMagic) return std::nullopt;
  Words words(code.size() / sizeof(uint32_t));
  std::memcpy(words.data(), code.data(), code.size());
  bool worth = false;  // look before anything is counted: it may be no whole module
  for (size_t at = kHeaderWords; at < words.size();) {
    const size_t size = words[at] >> 16;
    if (size == 0 || size > words.size() - at) return std::nullopt;
    const auto op = static_cast<uint16_t>(words[at]);
    worth = worth || op == kOpSourceContinued || op == kOpModuleProcessed || op == kOpString ||
            (op == kOpSource && size > kSourceWords) || (names && (op == kOpName || op == kOpMemberName));
    at += size;
  }
  if (!worth) return std::nullopt;
  Words out(words.begin(), words.begin() + kHeaderWords);
  for (size_t at = kHeaderWords; at < words.size();) {
    const size_t size = words[at] >> 16;
    instruction(std::span(words).subspan(at, size), names, pseudonyms, out);
    at += size;
  }
  std::vector<std::byte> bytes(out.size() * sizeof(uint32_t));
  std::memcpy(bytes.data(), out.data(), bytes.size());
  return bytes;
}

}  // namespace reprise
