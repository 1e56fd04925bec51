// What a replay enters into its report: differences, notes, written files, what became of objects.
#include <cstdio>

#include "replay/session.h"

namespace reprise {
namespace {

WrittenFile writtenFile(const Event& event, const std::string& name, HandleKind kind, uint64_t captured,
                        uint64_t number) {
  return {name,
          event.frame,
          event.call_number,
          std::string(event.command_name),
          handleText(kind, captured),
          std::string(handleKindName(kind)) + ":" + std::to_string(number)};
}

}  // namespace

void Player::difference(Difference::Kind kind, std::string text) {
  ++report_.difference_count;
  if (report_.differences.size() >= kMaxDifferences) return;
  report_.differences.push_back(
      {kind, event_ ? event_->frame : 0, event_ ? event_->call_number : 0, event_ ? event_->lane : 0,
       event_ ? std::string(event_->command_name) : std::string(), std::string(), std::move(text)});
}

void Player::differAbout(uint64_t since, HandleKind kind, uint64_t captured) {
  for (uint64_t i = since; i < report_.differences.size(); ++i) {
    Difference& difference = report_.differences[i];
    // Held submits that went on behind this call speak of themselves.
    if (difference.object.empty() && event_ && difference.call == event_->call_number)
      difference.object = handleText(kind, captured);
  }
}

void Player::wrotePicture(const std::string& name, uint64_t captured, uint64_t number, uint32_t image_index) {
  report_.pictures.push_back(writtenFile(*event_, name, HandleKind::kVkSwapchainKHR, captured, number));
  report_.pictures.back().image_index = image_index;
}

void Player::wroteMemory(const std::string& name, uint64_t captured, uint64_t number, uint64_t offset) {
  report_.memories.push_back(writtenFile(*event_, name, HandleKind::kVkDeviceMemory, captured, number));
  report_.memories.back().offset = offset;
}

void Player::note(const std::string& text) {
  if (noted_.insert(text).second) report_.notes.push_back(text);
}

size_t Player::changed(ObjectChange change) {
  std::string alike = std::to_string(change.action) + change.object.substr(0, change.object.find(' '));
  for (const std::string* part :
       {&change.command, &change.structure, &change.from, &change.to, &change.reason, &change.target})
    (alike += '\0') += *part;
  const auto [found, is_new] = fate_numbers_.try_emplace(std::move(alike), fates_.size());
  if (is_new) fates_.emplace_back();
  if (!changedAlike(found->second)) {
    Fate& fate = fates_[found->second];
    ++fate.listed;
    fate.last = report_.changes.size();
    report_.changes.push_back(std::move(change));
  }
  return found->second;
}

bool Player::changedAlike(size_t fate) {
  if (fates_[fate].listed < kMaxAlike) return false;
  ++report_.changes[fates_[fate].last].count;
  return true;
}

const char* kindName(Difference::Kind kind) {
  constexpr const char* kNames[] = {"result", "answer",     "query",      "handles",
                                    "wait",   "not issued", "validation", "replay"};
  return kNames[kind];
}

}  // namespace reprise
