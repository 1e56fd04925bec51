#include "tools/diff/details.h"

#include <algorithm>
#include <unordered_map>

#include "format/trace_format.h"
#include "tools/print/event_text.h"
#include "tools/print/hex_dump.h"

namespace reprise {
namespace {

constexpr size_t kBytesKept = 1 << 20;  // of one event, to say where they differ
constexpr size_t kBytesShown = 16;

std::string number(uint64_t value) { return std::to_string(value); }

std::string handleText(const Leaf& leaf) {
  if (leaf.object.kind == kPayloadKind) return "payload:" + number(leaf.object.number);
  return leaf.object.number ? textOf(leaf.object) : std::string(leaf.text);
}

// Gathers the details of wanted events, as they come.
class DetailReader {
 public:
  DetailReader(const DiffOptions& options, bool json)
      : strict_(options.strict),
        json_(json),
        rules_(options.strict, options.ignored),
        leaves_(rules_),
        printer_(json ? Tree::Format::kJson : Tree::Format::kText, 32) {
    printer_.nameObjects(&leaves_.objects());
  }

  void see(const Event& event) {
    leaves_.see(event);
    if (!leaves_.continuesMemory()) last_ = nullptr;
    if (!last_) return;
    if (uses_ & kMembers) read(event);
    ++last_->more_parts;
  }

  void keep(const Event& event, uint8_t uses, DiffDetail& detail) {
    last_ = &detail;
    uses_ = uses;
    kept_ = 0;
    detail.call_number = event.call_number;
    detail.frame = event.frame;
    detail.lane = event.lane;
    detail.is_call = event.kind == Event::kCall;
    detail.command = plainText(eventName(event));
    if (uses & kMembers) read(event);
    if (uses & kWholeText || (uses & kHeadLine && !json_)) print(event);
  }

 private:
  void print(const Event& event) {
    std::string text;
    printer_.append(event, text);
    // The frame is said elsewhere.
    size_t begin = 0;
    while (text.compare(begin, 1, "\n") == 0 || text.compare(begin, 4, "====") == 0)
      begin = text.find('\n', begin) + 1;
    last_->text = text.substr(begin, uses_ & kWholeText ? text.npos : text.find('\n', begin) - begin);
  }

  void read(const Event& event) {
    leaves_.read(event, [this](const Leaf& leaf) { take(leaf); });
  }

  void take(const Leaf& leaf) {
    DetailLeaf made{plainText(leaf.path.text(true)), leaf.kind, {}, 0, 0, 0};
    if (leaf.kind == Leaf::kHandle) {
      made.text = handleText(leaf);
      made.handle = packed(leaf.object);
      if (strict_) {
        made.text += " (" + std::string(leaf.text) + ")";
        made.hash = checksumOf(std::as_bytes(std::span(leaf.text)));
      }
    } else if (leaf.kind == Leaf::kBytes) {
      const size_t kept = std::min(leaf.bytes.size(), kBytesKept - kept_);
      made.text.assign(reinterpret_cast<const char*>(leaf.bytes.data()), kept);
      made.size = leaf.bytes.size();
      made.hash = checksumOf(leaf.bytes);
      kept_ += kept;
    } else if (leaf.kind == Leaf::kShape) {
      made.text = std::string(leaf.text) + (leaf.count ? "[" + number(leaf.count) + "]" : "");
    } else {
      made.text = leaf.text;
    }
    last_->leaves.push_back(std::move(made));
  }

  const bool strict_, json_;
  DiffRules rules_;
  EventLeaves leaves_;
  EventPrinter printer_;
  DiffDetail* last_ = nullptr;
  uint8_t uses_ = 0;  // of the last one
  size_t kept_ = 0;   // bytes, of the last one
};

bool same(const DetailLeaf& a, const DetailLeaf& b, const DiffObjects& objects) {
  if (a.kind != b.kind) return false;
  if (a.kind == Leaf::kBytes) return a.size == b.size && a.hash == b.hash;
  if (a.kind != Leaf::kHandle) return a.text == b.text;
  return objects.areSame(a.handle, b.handle) && a.hash == b.hash;
}

std::string bytesText(const DetailLeaf& leaf, size_t from) {
  std::string out = number(leaf.size) + (leaf.size == 1 ? " byte" : " bytes");
  if (from == SIZE_MAX) return out;
  if (from >= leaf.text.size()) {
    return out + (from < leaf.size ? ", different beyond byte " + number(from) : "");
  }
  out += ", from byte " + number(from) + ":";
  const size_t end = std::min(leaf.text.size(), from + kBytesShown);
  for (size_t i = from; i < end; ++i) {
    out += ' ';
    appendHexByte(static_cast<unsigned char>(leaf.text[i]), out);
  }
  return out + (end < leaf.size ? " ..." : "");
}

std::string shown(const DetailLeaf& leaf, size_t first_different) {
  return leaf.kind == Leaf::kBytes ? bytesText(leaf, first_different) : leaf.text;
}

}  // namespace

std::string plainText(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (plain) return std::string(text);
  std::string out;
  appendTextString(out, text);
  return out;
}

Result<DiffDetails> readDetails(const std::string& path, const DiffOptions& options,
                                const WantedDetails& wanted, bool json) {
  DiffDetails details;
  if (wanted.empty()) return details;
  Result<std::unique_ptr<TraceReader>> opened = TraceReader::open(path, options.reading);
  if (!opened) return opened.status();
  DetailReader reader(options, json);
  Event event;
  const uint64_t last = wanted.rbegin()->first;
  bool continues = false;
  for (uint64_t position = 0; position <= last || continues; ++position) {
    const Result<bool> more = (*opened)->next(event);
    if (!more) return more.status();
    if (!more.value()) break;
    reader.see(event);
    continues = position >= last && event.kind == Event::kMemory;
    const auto uses = wanted.find(position);
    if (uses != wanted.end()) reader.keep(event, uses->second, details[position]);
  }
  return details;
}

std::vector<MemberDifference> differingMembers(const DiffDetail& a, const DiffDetail& b,
                                               const DiffObjects& objects) {
  std::vector<MemberDifference> found;
  if (a.command != b.command) found.push_back({"command", a.command, b.command});
  std::unordered_map<std::string_view, size_t> in_b;
  for (size_t i = 0; i < b.leaves.size(); ++i) in_b.emplace(b.leaves[i].path, i);
  std::vector<bool> seen(b.leaves.size());
  for (const DetailLeaf& leaf : a.leaves) {
    const auto partner = in_b.find(leaf.path);
    if (partner == in_b.end() || seen[partner->second]) {
      found.push_back({leaf.path, shown(leaf, SIZE_MAX), std::nullopt});
      continue;
    }
    seen[partner->second] = true;
    const DetailLeaf& other = b.leaves[partner->second];
    if (same(leaf, other, objects)) continue;
    size_t first = SIZE_MAX;
    if (leaf.kind == Leaf::kBytes && other.kind == Leaf::kBytes) {
      const size_t both = std::min(leaf.text.size(), other.text.size());
      first = size_t(std::mismatch(leaf.text.begin(), leaf.text.begin() + both, other.text.begin()).first -
                     leaf.text.begin());
    }
    found.push_back({leaf.path, shown(leaf, first), shown(other, first)});
    if (leaf.kind == Leaf::kHandle && found.back().a == found.back().b)
      *found.back().b += " (not the object that A calls so)";
  }
  for (size_t i = 0; i < seen.size(); ++i)
    if (!seen[i]) found.push_back({b.leaves[i].path, std::nullopt, shown(b.leaves[i], SIZE_MAX)});
  return found;
}

}  // namespace reprise
