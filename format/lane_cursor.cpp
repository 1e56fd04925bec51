#include "format/lane_cursor.h"

#include <algorithm>
#include <string>
#include <utility>

namespace reprise {

namespace {
constexpr size_t kMaxProvisional = 256;
constexpr uint64_t kNsPerMs = 1'000'000;
}  // namespace

LaneCursor::LaneCursor(BlockSource& source, TraceContents& contents, BlockAhead& ahead, uint32_t lane,
                       const std::vector<uint32_t>& blocks)
    : source_(source), contents_(contents), ahead_(ahead), lane_(lane), blocks_(blocks) {
  standBefore(0);
}

LaneCursor::~LaneCursor() { source_.release(reserved_ + provisional_bytes_); }

void LaneCursor::standBefore(size_t block) {
  next_block_ = block;
  current_is_call_ = false;
  const BlockHeader* header = block < blocks_.size() ? &contents_.blocks[blocks_[block]].header : nullptr;
  if (header == nullptr || header->first_order > contents_.last_order) return endOfBlocks();
  place_ = Place::kBlock;
  calls_before_ = header->first_number;
  if (header->first_order > key_order_) {
    key_order_ = header->first_order;
    key_noted_ = false;
  }
}

// Calls that were still open when the file ended are delivered last, innermost first.
void LaneCursor::endOfBlocks() {
  next_block_ = blocks_.size();
  in_tail_ = !provisional_.empty();
  if (!in_tail_) {
    place_ = Place::kEnd;
    return;
  }
  ahead_.giveBack(std::move(tail_.bytes));
  tail_ = std::move(provisional_.back());
  provisional_.pop_back();
  uint64_t bytes = tail_.bytes.size();
  provisional_bytes_ -= bytes;
  source_.release(bytes);
  record_ = tail_.record;
  size_t numbers = record_.bulk_numbers.size();
  record_.bulk_numbers = std::span(tail_.bytes).first(numbers);
  record_.inputs = std::span(tail_.bytes).subspan(numbers);
  record_.flags = static_cast<uint8_t>((record_.flags & ~kFileProvisional) | kFileUnfinished);
  record_.number = calls_before_;
  block_offset_ = tail_.block_offset;
  current_is_call_ = true;
  place_ = Place::kRecord;
  setKey();
}

void LaneCursor::seek(uint64_t order) {
  size_t block = 0;
  while (block + 1 < blocks_.size() && contents_.blocks[blocks_[block + 1]].header.first_order < order)
    ++block;
  seekBlock(block);
}

void LaneCursor::seekBlock(size_t block) {
  leaveBlock();
  source_.release(provisional_bytes_);
  provisional_bytes_ = 0;
  provisional_.clear();
  in_tail_ = false;
  time_ns_ = 0;
  key_order_ = 0;
  key_noted_ = false;
  standBefore(block);
}

Status LaneCursor::advance() {
  if (place_ == Place::kEnd) return Status::ok();
  if (in_tail_) {
    ++calls_before_;
    endOfBlocks();
    return Status::ok();
  }
  if (place_ == Place::kBlock) {
    if (Status status = enterBlock(); !status.isOk()) return status;
  }
  return nextRecord();
}

Status LaneCursor::enterBlock() {
  const uint32_t position = blocks_[next_block_++];
  const BlockPlace& place = contents_.blocks[position];
  block_offset_ = place.offset;
  if (Status status = ahead_.take(position, raw_); !status.isOk()) return status;
  if (Status status = source_.reserve(raw_.size(), place.offset); !status.isOk()) return status;
  reserved_ = raw_.size();
  at_ = 0;
  last_order_ = place.header.first_order;
  calls_before_ = place.header.first_number;
  current_is_call_ = false;
  return Status::ok();
}

void LaneCursor::leaveBlock() {
  ahead_.giveBack(std::move(raw_));
  raw_.clear();
  source_.release(reserved_);
  reserved_ = 0;
  at_ = 0;
}

Status LaneCursor::nextRecord() {
  while (true) {
    if (current_is_call_) ++calls_before_;
    current_is_call_ = false;
    if (at_ == raw_.size()) {
      leaveBlock();
      standBefore(next_block_);
      return Status::ok();
    }
    if (Status status = parse(); !status.isOk()) return status;
    if (record_.order > contents_.last_order) {
      leaveBlock();
      endOfBlocks();
      return Status::ok();
    }
    if (record_.command < kFileFirstSpecial) {
      if (record_.flags & (kFileProvisional | kFileResumes)) {
        bool skip = false;
        if (Status status = handleProvisional(skip); !status.isOk()) return status;
        if (skip) continue;
      }
      current_is_call_ = true;
      record_.number = calls_before_;
      break;
    }
    if (record_.command == kFileTime && record_.inputs.size() >= sizeof(uint32_t)) {
      time_ns_ = source_.info().start_ns + loadLe<uint32_t>(record_.inputs.data()) * kNsPerMs;
    } else if (record_.command >= kFileMemory && record_.command <= kFileOpaque) {
      break;
    }
  }
  place_ = Place::kRecord;
  setKey();
  return Status::ok();
}

Status LaneCursor::parse() {
  const size_t size = parseFileRecord(std::span(raw_).subspan(at_), last_order_, record_);
  if (size == 0) return tooLong();
  last_order_ = record_.order;
  at_ += size;
  return Status::ok();
}

Status LaneCursor::tooLong() const {
  return source_.damaged(
      block_offset_, "the record at byte " + std::to_string(at_) + " of this block is longer than the block");
}

// `skip`: the record is only a copy of a call whose own record may follow.
Status LaneCursor::handleProvisional(bool& skip) {
  if (record_.flags & kFileResumes) {
    auto copy = std::find_if(provisional_.rbegin(), provisional_.rend(),
                             [&](const Provisional& p) { return p.record.command == record_.command; });
    if (copy == provisional_.rend()) return Status::ok();
    source_.release(copy->bytes.size());
    provisional_bytes_ -= copy->bytes.size();
    provisional_.erase(std::next(copy).base());
  }
  skip = (record_.flags & kFileProvisional) != 0;
  if (!skip || provisional_.size() >= kMaxProvisional) return Status::ok();
  Provisional copy{record_, {}, block_offset_};
  uint64_t bytes = record_.bulk_numbers.size() + record_.inputs.size();
  if (Status status = source_.reserve(bytes, block_offset_); !status.isOk()) return status;
  provisional_bytes_ += bytes;
  copy.record.outputs = {};
  copy.record.flags &= static_cast<uint8_t>(~kFileOutputs);
  appendBytes(copy.bytes, record_.bulk_numbers);
  appendBytes(copy.bytes, record_.inputs);
  provisional_.push_back(std::move(copy));
  return Status::ok();
}

void LaneCursor::setKey() {
  bool noted = !(record_.flags & kFileTicketed);
  if (record_.order < key_order_ || (record_.order == key_order_ && key_noted_)) return;
  key_order_ = record_.order;
  key_noted_ = noted;
}

}  // namespace reprise
