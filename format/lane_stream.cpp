#include "format/lane_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace reprise {

namespace {
constexpr size_t kMaxQueuedBytes = 1 << 20;
constexpr size_t kMaxQueuedCalls = 4096;
constexpr size_t kMaxOpenCalls = 256;  // deeper nesting is damage, not a driver
constexpr size_t kKeptCapacity = 64 * 1024;
constexpr uint64_t kMaxReportedBad = 100;  // holes for broken records, per lane; the rest is only counted
constexpr uint16_t kBoth = kAnnounce | kComplete;
}  // namespace

LaneStream::LaneStream(LaneContext context, uint32_t lane) : context_(context), block_(context, lane) {}

void LaneStream::append(std::span<const std::byte> records) {
  now_ = Clock::now();
  while (!records.empty()) {
    if (const size_t taken = plainCalls(records); taken != 0) {
      records = records.subspan(taken);
      continue;
    }
    LaneRecord record;
    if (records.size() < sizeof record) {
      return hole(HoleCause::kStalledWriter, records.size(),
                  "a lane ended inside a record header; its rest was dropped");
    }
    std::memcpy(&record, records.data(), sizeof record);
    records = records.subspan(sizeof record);
    if (record.size > kMaxRecordPayload || padded(record.size) > records.size()) {
      return hole(HoleCause::kStalledWriter, record.size,
                  "a lane held a record of impossible size; what followed it was dropped");
    }
    const std::span<const std::byte> rest = records.subspan(padded(record.size));
    if (const size_t taken = pair(record, records.first(record.size), rest); taken != 0) {
      records = rest.subspan(taken);
      continue;
    }
    this->record(record, records.first(record.size));
    records = rest;
  }
}

// The fast way for a call whose completion lies right behind its announcement, with nothing open around it. Returns
// the bytes of the completion, 0 if this is no such call.
size_t LaneStream::pair(const LaneRecord& announced, std::span<const std::byte> inputs, std::span<const std::byte> rest) {
  if ((announced.flags & (kBoth | kFirstPiece)) != kAnnounce || !isAlone() || rest.size() < sizeof announced) return 0;
  LaneRecord completed;
  std::memcpy(&completed, rest.data(), sizeof completed);
  const bool fits = completed.command == announced.command && (completed.flags & (kBoth | kFirstPiece)) == kComplete &&
                    completed.size <= kMaxRecordPayload && padded(completed.size) <= rest.size() - sizeof completed;
  if (!fits) return 0;
  std::span<const std::byte> outputs = rest.subspan(sizeof completed, completed.size);
  CallRecord call;
  call.command = announced.command < kRecordFirstSpecial ? context_.tables.fileCommand(announced.command) : FileCommand();
  for (auto [record, bytes] : {std::pair(&announced, &inputs), std::pair(&std::as_const(completed), &outputs)}) {
    if (!(record->flags & kTimed)) continue;
    if (bytes->size() < sizeof call.time_ns) return 0;
    call.time_ns = loadLe<uint64_t>(bytes->data());
    *bytes = bytes->subspan(sizeof call.time_ns);
  }
  if (call.command.id == 0) return 0;
  const bool ticketed_before = announced.flags & kTicketed;
  call.order = !ticketed_before && completed.flags & kTicketed ? completed.order : announced.order;
  call.flags = kFileOutputs | ((announced.flags | completed.flags) & kTicketed ? kFileTicketed : 0);
  if (!(call.flags & kFileTicketed) && !block_.empty()) call.order = std::max(call.order, block_.lastOrder());
  call.inputs = inputs;
  call.outputs = outputs;
  block_.addCall(call);
  last_was_single_ = false;
  return sizeof completed + padded(completed.size);
}

// The fast way for what nearly all records are: commands that stand where they are.
size_t LaneStream::plainCalls(std::span<const std::byte> records) {
  if (assembly_.active || !bulks_.empty() || !queue_.empty()) return 0;
  const size_t taken = block_.addPlainCalls(records);
  if (taken != 0) last_was_single_ = true;
  return taken;
}

void LaneStream::record(const LaneRecord& record, std::span<const std::byte> payload) {
  if (record.command == kRecordPiece) return piece(payload);
  if (assembly_.active) {
    assembly_.active = false;
    hole(HoleCause::kStalledWriter, assembly_.record.command,
         "a record lost its last pieces and was dropped");
  }
  if (record.flags & kFirstPiece) return firstPiece(record, payload);
  whole(record, payload);
}

void LaneStream::firstPiece(const LaneRecord& record, std::span<const std::byte> payload) {
  ByteReader reader(payload);
  auto total = reader.get<uint64_t>();
  auto bytes = reader.take(reader.remaining());
  if (!reader.ok() || total > kMaxRecordBytes || bytes.size() > total) {
    return hole(HoleCause::kStalledWriter, total,
                "a record in pieces had an impossible size and was dropped");
  }
  assembly_.active = true;
  assembly_.record = record;
  assembly_.total = total;
  assembly_.payload.assign(bytes.begin(), bytes.end());
  piece({});
}

void LaneStream::piece(std::span<const std::byte> payload) {
  if (!assembly_.active)
    return hole(HoleCause::kStalledWriter, payload.size(), "a piece without its record was dropped");
  size_t room = assembly_.total - assembly_.payload.size();
  if (payload.size() > room) {
    assembly_.active = false;
    return hole(HoleCause::kStalledWriter, assembly_.total,
                "a record in pieces was longer than announced and was dropped");
  }
  appendBytes(assembly_.payload, payload);
  if (assembly_.payload.size() < assembly_.total) return;
  assembly_.active = false;
  std::vector<std::byte> bytes = std::move(assembly_.payload);
  whole(assembly_.record, bytes);
}

void LaneStream::whole(const LaneRecord& record, std::span<const std::byte> payload) {
  uint64_t time_ns = 0;
  if (record.flags & kTimed) {
    ByteReader reader(payload);
    time_ns = reader.get<uint64_t>();
    if (!reader.ok())
      return hole(HoleCause::kStalledWriter, record.command, "a record without its time was dropped");
    payload = payload.subspan(sizeof time_ns);
  }
  if (record.command >= kRecordFirstSpecial) {
    if (record.command == kRecordMemory) return memory(record, payload, time_ns);
    if (record.command == kRecordContents) return contents(record, payload, time_ns);
    return special(record, payload);
  }
  switch (record.flags & kBoth) {
    case kBoth:
      return singleCall(record, payload, time_ns);
    case kAnnounce:
      return announce(record, payload, time_ns);
    case kComplete:
      return complete(record, payload, time_ns);
    default:
      return hole(HoleCause::kStalledWriter, record.command,
                  "a call neither announced nor completed was dropped");
  }
}

void LaneStream::special(const LaneRecord& record, std::span<const std::byte> payload) {
  ByteReader reader(payload);
  switch (record.command) {
    case kRecordBulk:
      bulks_.push_back(context_.tables.addBulk(payload));
      return;
    case kRecordHole: {
      HoleRecord hole_record{};
      hole_record.cause = static_cast<HoleCause>(reader.get<uint32_t>());
      reader.get<uint32_t>();
      hole_record.subject = reader.get<uint64_t>();
      if (!reader.ok()) break;
      block_.addHole(hole_record, asText(reader.take(reader.remaining())), record.order);
      return;
    }
    case kRecordMetadata: {
      auto kind = reader.get<uint32_t>();
      if (!reader.ok()) break;
      block_.addMetadata(kind, reader.take(reader.remaining()), record.order);
      return;
    }
    case kRecordPayload: {
      PayloadRecord payload_record{};
      if (payload.size() != sizeof payload_record) break;
      std::memcpy(&payload_record, payload.data(), sizeof payload_record);
      block_.addPayload(payload_record, record.order);
      return;
    }
    case kRecordOpaque: {
      OpaqueRecord opaque{};
      if (payload.size() < sizeof opaque) break;
      std::memcpy(&opaque, payload.data(), sizeof opaque);
      block_.addOpaque(opaque, payload.subspan(sizeof opaque), record.order);
      return;
    }
    default:
      break;
  }
  hole(HoleCause::kStalledWriter, record.command, "a record of unknown kind or wrong size was dropped");
}

void LaneStream::memory(const LaneRecord& record, std::span<const std::byte> payload, uint64_t time_ns) {
  MemoryChange change{};
  if (payload.size() >= sizeof change) std::memcpy(&change, payload.data(), sizeof change);
  if (payload.size() < sizeof change || change.size != payload.size() - sizeof change ||
      change.offset > UINT64_MAX - change.size) {
    return hole(HoleCause::kScanFailed, change.memory, "a memory change of impossible size was dropped");
  }
  block_.addMemory(change, payload.subspan(sizeof change), record.flags, record.order, time_ns);
}

void LaneStream::contents(const LaneRecord& record, std::span<const std::byte> payload, uint64_t time_ns) {
  ContentsRecord contents{};
  if (payload.size() >= sizeof contents) std::memcpy(&contents, payload.data(), sizeof contents);
  if (payload.size() < sizeof contents || contents.size != payload.size() - sizeof contents ||
      contents.offset > UINT64_MAX - contents.size) {
    return hole(HoleCause::kUntrackedMemory, contents.object,
                "contents from outside, of impossible size, were dropped");
  }
  block_.addContents(contents, payload.subspan(sizeof contents), record.flags, record.order, time_ns);
}

void LaneStream::singleCall(const LaneRecord& record, std::span<const std::byte> inputs, uint64_t time_ns) {
  FileCommand command = context_.tables.fileCommand(record.command);
  if (command.id == 0) {
    bulks_.clear();
    return hole(HoleCause::kUnknownCommand, record.command,
                "a call of a command that this build does not know was dropped");
  }
  uint8_t flags = (record.flags & kTicketed ? kFileTicketed : 0) | (bulks_.empty() ? 0 : kFileBulks);
  last_was_single_ = true;
  if (queue_.empty()) {
    block_.addCall({command, flags, record.order, time_ns, inputs, {}, bulks_, {}});
    bulks_.clear();
    return;
  }
  Call* call = take();
  call->command = command;
  call->flags = flags;
  call->order = record.order;
  call->time_ns = time_ns;
  call->inputs.assign(inputs.begin(), inputs.end());
  call->input_bulks.swap(bulks_);
  settle(call);
}

void LaneStream::announce(const LaneRecord& record, std::span<const std::byte> inputs, uint64_t time_ns) {
  Call* call = take();
  call->command = context_.tables.fileCommand(record.command);
  call->registry_id = record.command;
  call->flags = record.flags & kTicketed ? kFileTicketed : 0;
  call->order = record.order;
  call->time_ns = time_ns;
  call->inputs.assign(inputs.begin(), inputs.end());
  call->input_bulks.swap(bulks_);
  call->opened = now_;
  last_was_single_ = false;
  if (call->command.id == 0) {
    hole(HoleCause::kUnknownCommand, record.command,
         "a call of a command that this build does not know was dropped");
  } else if (record.flags & kTicketed) {
    call->queued = true;
    queued_bytes_ += inputs.size();
    queue_.push_back(call);
  }
  open_.push_back(call);
  if (open_.size() <= kMaxOpenCalls) return;
  Call* lost = open_.front();  // never completed, and never will
  open_.erase(open_.begin());
  lost->flags |= kFileUnfinished;
  settle(lost);
}

void LaneStream::complete(const LaneRecord& record, std::span<const std::byte> outputs, uint64_t time_ns) {
  auto match = std::find_if(open_.rbegin(), open_.rend(),
                            [&](const Call* call) { return call->registry_id == record.command; });
  if (match == open_.rend()) {
    bulks_.clear();
    return hole(HoleCause::kStalledWriter, record.command,
                "a completion without its announcement was dropped");
  }
  Call* call = *match;
  while (open_.back() != call) {  // a callback left by longjmp or an exception: it never came back
    Call* lost = open_.back();
    open_.pop_back();
    lost->flags |= kFileUnfinished;
    settle(lost);
  }
  open_.pop_back();
  call->flags |= kFileOutputs;
  call->output_bulks.swap(bulks_);
  if (time_ns != 0) call->time_ns = time_ns;
  if (record.flags & kTicketed && !(call->flags & kFileTicketed)) {
    call->flags |= kFileTicketed;
    call->order = record.order;
  }
  call->outputs.assign(outputs.begin(), outputs.end());
  last_was_single_ = false;
  settle(call);
}

void LaneStream::settle(Call* call) {
  if (call->command.id == 0) return giveBack(call);
  if (!call->queued && queue_.empty()) {
    // Noted at its announcement, and calls from inside it were written since: it stands here.
    if (!(call->flags & kFileTicketed) && !block_.empty())
      call->order = std::max(call->order, block_.lastOrder());
    write(*call, 0);
    return giveBack(call);
  }
  call->ready = true;
  if (call->queued) {
    queued_bytes_ += call->outputs.size();
  } else {
    call->queued = true;
    queued_bytes_ += call->inputs.size() + call->outputs.size();
    queue_.push_back(call);
  }
  drainQueue();
  if (queued_bytes_ > kMaxQueuedBytes || queue_.size() > kMaxQueuedCalls) releaseQueue();
}

void LaneStream::drainQueue() {
  while (!queue_.empty() && queue_.front()->ready) {
    Call* call = queue_.front();
    queue_.pop_front();
    queued_bytes_ -= call->inputs.size() + call->outputs.size();
    write(*call, 0);
    giveBack(call);
  }
}

// Too much waits behind calls that do not return: they go provisionally, what waited follows them.
void LaneStream::releaseQueue() {
  while (!queue_.empty()) {
    Call* call = queue_.front();
    queue_.pop_front();
    queued_bytes_ -= call->inputs.size() + call->outputs.size();
    if (call->ready) {
      write(*call, 0);
      giveBack(call);
    } else {
      call->queued = false;
      if (!(call->flags & kFileProvisional)) writeProvisional(*call);
    }
  }
}

void LaneStream::write(const Call& call, uint8_t extra_flags) {
  uint8_t flags = call.flags | extra_flags;
  if (flags & kFileProvisional && !(extra_flags & kFileProvisional)) {
    flags = static_cast<uint8_t>((flags & ~kFileProvisional) | kFileResumes);
  }
  if (!call.input_bulks.empty() || !call.output_bulks.empty()) flags |= kFileBulks;
  block_.addCall({call.command, flags, call.order, call.time_ns, call.inputs, call.outputs, call.input_bulks,
                  call.output_bulks});
}

void LaneStream::writeProvisional(Call& call) {
  if (call.command.id == 0) return;
  write(call, kFileProvisional);
  call.flags |= kFileProvisional;
}

void LaneStream::hole(HoleCause cause, uint64_t subject, const std::string& text) {
  if (++bad_records_ > kMaxReportedBad) {
    ++context_.counts.holes;
    return;
  }
  block_.addHole({cause, 0, subject}, text, block_.lastOrder());
}

LaneStream::Call* LaneStream::take() {
  if (free_.empty()) {
    calls_.push_back(std::make_unique<Call>());
    return calls_.back().get();
  }
  Call* call = free_.back();
  free_.pop_back();
  return call;
}

void LaneStream::giveBack(Call* call) {
  std::vector<std::byte> inputs = std::move(call->inputs), outputs = std::move(call->outputs);
  std::vector<uint32_t> input_bulks = std::move(call->input_bulks),
                        output_bulks = std::move(call->output_bulks);
  *call = Call();
  inputs.clear();
  outputs.clear();
  input_bulks.clear();
  output_bulks.clear();
  if (inputs.capacity() <= kKeptCapacity) call->inputs = std::move(inputs);
  if (outputs.capacity() <= kKeptCapacity) call->outputs = std::move(outputs);
  call->input_bulks = std::move(input_bulks);
  call->output_bulks = std::move(output_bulks);
  free_.push_back(call);
}

void LaneStream::close() {
  if (assembly_.active) {
    assembly_ = {};
    hole(HoleCause::kStalledWriter, 0, "a thread ended inside a record");
  }
}

bool LaneStream::lastCallWithoutOutputs(uint64_t& number) const {
  if (!last_was_single_ || block_.calls() == 0 || !queue_.empty()) return false;
  number = block_.calls() - 1;
  return true;
}

bool LaneStream::wantsClosing(Clock::time_point now) const {
  auto age = std::chrono::milliseconds(context_.options.flush_age_ms);
  if (block_.olderThan(age, now)) return true;
  return std::any_of(open_.begin(), open_.end(), [&](const Call* call) {
    return !(call->flags & kFileProvisional) && call->command.id != 0 && now - call->opened >= age;
  });
}

void LaneStream::closeBlock(Clock::time_point now) {
  auto age = std::chrono::milliseconds(context_.options.flush_age_ms);
  bool stuck = !open_.empty() && now - open_.front()->opened >= age;
  if (stuck) {
    for (Call* call : open_) {
      if (!call->queued && !(call->flags & kFileProvisional)) writeProvisional(*call);
    }
    releaseQueue();
  }
  block_.close();
}

void LaneStream::finish() {
  close();
  while (!open_.empty()) {  // outermost first: that is their order
    Call* call = open_.front();
    open_.erase(open_.begin());
    call->flags |= kFileUnfinished;
    settle(call);
  }
  block_.close();
}

uint64_t LaneStream::lowestWaiting() const {
  uint64_t lowest = block_.empty() ? UINT64_MAX : block_.firstOrder();
  for (const Call* call : queue_) lowest = std::min(lowest, call->order);
  return lowest;
}

}  // namespace reprise
