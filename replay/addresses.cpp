#include "replay/addresses.h"

#include <algorithm>
#include <cstring>

namespace reprise {
namespace {

uint64_t load(const std::byte* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

void store(std::byte* to, uint64_t word) { std::memcpy(to, &word, sizeof word); }

}  // namespace

void Addresses::learn(Object object, VkDeviceAddress captured, VkDeviceAddress live) {
  const auto size = sizes_.find(object);
  if (captured == 0 || live == 0 || size == sizes_.end()) return;
  const VkDeviceAddress end = captured + std::min<VkDeviceSize>(size->second, UINT64_MAX - captured);
  if (const auto known = of_object_.find(object); known != of_object_.end()) {
    const auto& [begin, range] = *known->second;
    if (begin == captured && range.live == live && range.end == end) return;
    forget(known->second);
  }
  of_object_[object] = ranges_.insert({captured, {end, live}});
  differing_ += captured != live;
  lowest_ = ranges_.size() == 1 && learnt_ == 0 ? captured : std::min(lowest_, captured);
  highest_ = learnt_ == 0 ? end : std::max(highest_, end);
  longest_ = std::max(longest_, end - captured);
  ++learnt_;
}

void Addresses::destroyed(Object object) {
  sizes_.erase(object);
  const auto known = of_object_.find(object);
  if (known == of_object_.end()) return;
  forget(known->second);
  of_object_.erase(known);
}

void Addresses::forget(Ranges::iterator range) {
  differing_ -= range->first != range->second.live;
  ranges_.erase(range);
}

// The range that begins nearest before it and holds it; else one that ends there: programs keep such, too.
VkDeviceAddress Addresses::liveOf(VkDeviceAddress captured) const {
  const Ranges::value_type* ends_there = nullptr;
  for (auto at = ranges_.upper_bound(captured); at != ranges_.begin();) {
    --at;
    const VkDeviceAddress offset = captured - at->first;
    if (captured < at->second.end) return at->second.live + offset;
    if (captured == at->second.end && !ends_there) ends_there = &*at;
    if (offset > longest_) break;
  }
  return ends_there ? ends_there->second.live + (captured - ends_there->first) : captured;
}

void Addresses::replace(VkDeviceAddress& member) {
  const VkDeviceAddress live = liveOf(member);
  members_ += live != member;
  member = live;
}

void Addresses::replaceIn(std::span<std::byte> shader_data) {
  for (size_t at = 0; at + kWord <= shader_data.size(); at += sizeof(uint32_t)) {
    const uint64_t word = load(shader_data.data() + at);
    if (!maybe(word)) continue;
    const uint64_t live = liveOf(word);
    if (live == word) continue;
    store(shader_data.data() + at, live);
    ++data_words_;
    at += kWord - sizeof(uint32_t);
  }
}

bool Addresses::anyIn(const Words& words, VkDeviceSize begin, VkDeviceSize end) {
  const auto first = words.lower_bound(begin);
  return first != words.end() && first->first < end;
}

bool Addresses::anyMaybe(std::span<const std::byte> bytes) const {
  for (size_t at = 0; at + kWord <= bytes.size(); at += kWord)
    if (maybe(load(bytes.data() + at))) return true;
  return false;
}

void Addresses::writeWord(Words& words, std::byte* memory, VkDeviceSize at, uint64_t captured) {
  const uint64_t live = maybe(captured) ? liveOf(captured) : captured;
  if (live == captured) {
    words.erase(at);
  } else {
    words[at] = {captured, live};
    ++memory_words_;
  }
  store(memory + at, live);
}

// Bytes that lie within one word, and are not all of it.
void Addresses::writePart(Words& words, std::byte* memory, VkDeviceSize begin,
                          std::span<const std::byte> bytes) {
  const VkDeviceSize at = begin / kWord * kWord;
  uint64_t word = load(memory + at);
  // If it is not there any more, the GPU has written since.
  const auto held = words.find(at);
  if (held != words.end() && held->second.live == word) word = held->second.captured;
  std::memcpy(reinterpret_cast<std::byte*>(&word) + (begin - at), bytes.data(), bytes.size());
  if (held != words.end() || maybe(word)) return writeWord(words, memory, at, word);
  std::memcpy(memory + begin, bytes.data(), bytes.size());
}

void Addresses::write(Words& words, std::span<std::byte> memory, VkDeviceSize begin,
                      std::span<const std::byte> bytes) {
  std::byte* const to = memory.data();
  const VkDeviceSize whole = memory.size() / kWord * kWord;  // what follows is no word
  const VkDeviceSize end = begin + bytes.size();
  const auto part = [&](VkDeviceSize from, VkDeviceSize until) {
    const std::span<const std::byte> some = bytes.subspan(from - begin, until - from);
    if (some.empty()) return;
    if (from >= whole) return void(std::memcpy(to + from, some.data(), some.size()));
    writePart(words, to, from, some);
  };
  const VkDeviceSize first = std::min((begin + kWord - 1) / kWord * kWord, end);
  const VkDeviceSize last = std::max(end / kWord * kWord, first);
  part(begin, first);
  const std::span<const std::byte> inner = bytes.subspan(first - begin, last - first);
  if (!anyIn(words, first, last) && !anyMaybe(inner)) {
    if (!inner.empty()) std::memcpy(to + first, inner.data(), inner.size());
  } else {
    for (VkDeviceSize at = first; at < last; at += kWord)
      writeWord(words, to, at, load(inner.data() + (at - first)));
  }
  part(last, end);
}

std::string Addresses::summary() const {
  if (members_ + data_words_ + memory_words_ == 0) return {};
  return "device addresses differ here: " + std::to_string(members_) + " members, " +
         std::to_string(data_words_) + " words of shader data and " + std::to_string(memory_words_) +
         " words of memory that lie in the captured ranges of " + std::to_string(learnt_) +
         " objects were replaced";
}

}  // namespace reprise
