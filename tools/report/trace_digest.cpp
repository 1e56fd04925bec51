#include "tools/report/trace_digest.h"

#include <algorithm>
#include <unordered_map>

#include "format/event_ahead.h"
#include "tools/print/event_text.h"
#include "tools/report/chain_structs.h"

namespace reprise {
namespace {

constexpr size_t kShownBytes = 32;       // of a payload, as `reprise dump` shows it
constexpr uint64_t kPrintedCalls = 256;  // of a command, to see which structs it is given

bool binds(Command command) {
  switch (commandInfo(command).canonical) {
    case Command::vkBindImageMemory:
    case Command::vkBindImageMemory2:
    case Command::vkBindBufferMemory:
    case Command::vkBindBufferMemory2:
      return true;
    default:
      return false;
  }
}

bool namesObjects(Command command) {
  return command == Command::vkSetDebugUtilsObjectNameEXT ||
         command == Command::vkDebugMarkerSetObjectNameEXT;
}

// "VkExternalMemoryImageCreateInfoNV", "VkImportMemoryFdInfoKHR", "VkExportSemaphoreCreateInfo", ...
bool isExternal(VkStructureType type) {
  const char* name = structName(type);
  if (name == nullptr) return false;
  const std::string_view text(name);
  return text.starts_with("VkExternal") || text.starts_with("VkImport") || text.starts_with("VkExport");
}

class Digester {
 public:
  Digester(const TraceSummary& summary, const DigestLimits& limits, Digest& digest)
      : limits_(limits),
        digest_(digest),
        start_us_(summary.info.start_ns / 1000),
        calls_(Tree::Format::kText, kShownBytes),
        one_(Tree::Format::kText, kShownBytes),
        frame_printer_(Tree::Format::kText, kShownBytes) {}

  void see(const Event& event);
  void finish();

 private:
  void beginFrame(const Event& event);
  void endFrameText();
  void printFrame(const Event& event);
  void count(const Event& event);
  uint32_t commandOf(const Event& event);
  void seeObjects(const Event& event, const CallPlace& place);
  void learnStructs(const Event& event, uint32_t command);
  void bindMemory(const Event& event, std::span<const Mention> mentions);
  const std::string& textOf(const Event& event);
  uint32_t keepText(const Event& event, HandleKind kind);

  const DigestLimits& limits_;
  Digest& digest_;
  uint64_t start_us_;
  std::unordered_map<std::string, uint32_t> places_;  // of commands, by name
  std::vector<uint32_t> known_;                       // the same by Command, + 1
  Objects objects_;
  ChainStructs chains_;
  CallPrinter calls_;
  EventPrinter one_, frame_printer_;
  std::vector<ObjectName> made_;
  std::string text_, frame_text_;
  bool any_ = false, frame_wanted_ = false;
  uint64_t frame_ = 0, frame_shown_ = 0;
};

void Digester::see(const Event& event) {
  if (!any_ || event.frame != frame_) beginFrame(event);
  count(event);
  if (frame_wanted_) printFrame(event);
  if (event.kind == Event::kHole && digest_.holes.size() < Digest::kMostHoles)
    digest_.holes.push_back(textOf(event));
}

void Digester::beginFrame(const Event& event) {
  endFrameText();
  any_ = true;
  frame_ = event.frame;
  frame_wanted_ = digest_.frame_texts.wants(frame_);
  digest_.frames.begin(frame_, event.call_number);
}

void Digester::endFrameText() {
  if (frame_wanted_ && any_) digest_.frame_texts.add(frame_, frame_shown_, frame_text_);
  frame_text_.clear();
  frame_shown_ = 0;
}

void Digester::finish() {
  endFrameText();
  digest_.frames.finish();
  digest_.image_texts.finish();
  digest_.other_texts.finish();
}

// As long as there is room: the events of the frame as `reprise dump` shows them.
void Digester::printFrame(const Event& event) {
  const uint64_t most = frame_ == 0 ? limits_.calls_of_first : limits_.calls_per_frame;
  if (frame_shown_ >= most || frame_text_.size() >= limits_.frame_text_bytes) {
    frame_wanted_ = false;
    digest_.frame_texts.add(frame_, frame_shown_, frame_text_);
    return;
  }
  text_.clear();
  frame_printer_.append(event, text_);
  std::string_view text = text_;
  if (text.starts_with('\n')) text.remove_prefix(1);  // the empty line between two frames
  const bool whole = text.size() <= limits_.text_bytes;
  frame_text_ += text.substr(0, limits_.text_bytes);
  if (!whole)
    frame_text_ += "\n    ... " + std::to_string(text.size() - limits_.text_bytes) + " more bytes\n";
  ++frame_shown_;
}

void Digester::count(const Event& event) {
  FrameRow& row = digest_.frames.current();
  if (event.time_ns / 1000 > start_us_) row.end_us = std::max(row.end_us, event.time_ns / 1000 - start_us_);
  if (event.kind == Event::kMemory || event.kind == Event::kContents) row.memory_bytes += event.bytes.size();
  if (event.kind != Event::kCall) return;
  const uint32_t command = commandOf(event);
  ++digest_.calls;
  ++row.calls;
  ++digest_.commands[command].calls;
  digest_.frames.countCommand(command);
  row.argument_bytes += event.inputs.size() + event.outputs.size();
  for (const auto& bulk : event.input_bulks) row.argument_bytes += bulk.size();
  for (const auto& bulk : event.output_bulks) row.argument_bytes += bulk.size();
  if (event.command_name.starts_with("vkQueueSubmit")) ++row.submits;
  seeObjects(event, {event.call_number, event.frame, event.lane, command});
}

uint32_t Digester::commandOf(const Event& event) {
  const auto known = size_t(event.command);
  if (known >= known_.size()) known_.resize(known + 1, 0);
  if (event.command != Command::kUnknown && known_[known] != 0) return known_[known] - 1;
  const auto [place, is_new] =
      places_.try_emplace(std::string(event.command_name), uint32_t(digest_.commands.size()));
  if (is_new) digest_.commands.push_back({std::string(event.command_name), 0, {}});
  known_[known] = place->second + 1;
  return place->second;
}

void Digester::seeObjects(const Event& event, const CallPlace& place) {
  const std::vector<VkStructureType>& structs = chains_.of(event);
  made_.clear();
  // Commands in command buffers neither make nor end an object.
  if (!commandInfo(event.command).is_cmd) {
    if (digest_.commands[place.command].calls <= kPrintedCalls) learnStructs(event, place.command);
    const std::span<const Mention> mentions = objects_.see(event);
    const bool external = std::any_of(structs.begin(), structs.end(), isExternal);
    uint32_t text = 0;
    for (const Mention& mention : mentions) {
      if (mention.role == Mention::kEnded) digest_.objects.end(mention.object, place);
      if (mention.role != Mention::kMade) continue;
      made_.push_back(mention.object);
      ObjectRow* row = digest_.objects.make(mention.object, place);
      if (row == nullptr) continue;
      if (text == 0) text = keepText(event, mention.object.kind);
      row->made_text = text;
      row->external = external;
    }
    if (binds(event.command)) bindMemory(event, mentions);
    if (namesObjects(event.command)) {
      for (const Mention& mention : mentions)
        digest_.objects.name(mention.object, objects_.debugName(mention.object));
    }
  }
  if (!structs.empty()) digest_.objects.chain(structs, place, made_);
}

// What a command is given, from its first calls: the types in their printed trees.
void Digester::learnStructs(const Event& event, uint32_t command) {
  std::vector<std::string>& known = digest_.commands[command].structs;
  for (const Tree::Node& node : calls_.print(event).nodes()) {
    if (node.kind != Tree::Kind::kObject || !node.type.starts_with("Vk")) continue;
    if (std::find(known.begin(), known.end(), node.type) == known.end()) known.emplace_back(node.type);
  }
}

// In the registry's order a memory follows the image or buffer that is bound to it.
void Digester::bindMemory(const Event& event, std::span<const Mention> mentions) {
  ObjectName bound;
  uint32_t text = 0;
  for (const Mention& mention : mentions) {
    const HandleKind kind = mention.object.kind;
    if (kind == HandleKind::kVkImage || kind == HandleKind::kVkBuffer) bound = mention.object;
    if (kind != HandleKind::kVkDeviceMemory || bound.kind == HandleKind::kNone) continue;
    if (text == 0) text = keepText(event, kind);
    digest_.objects.bind(bound, mention.object, text);
  }
}

// As `reprise dump` shows the event, without the frame's heading.
const std::string& Digester::textOf(const Event& event) {
  text_.clear();
  one_.append(event, text_);
  const size_t heading = text_.find("==== frame ");
  if (heading != std::string::npos && heading <= 1) text_.erase(0, text_.find('\n', heading) + 1);
  if (text_.size() > limits_.text_bytes) {
    const size_t cut = text_.size() - limits_.text_bytes;
    text_.resize(limits_.text_bytes);
    text_ += "\n    ... " + std::to_string(cut) + " more bytes\n";
  }
  return text_;
}

uint32_t Digester::keepText(const Event& event, HandleKind kind) {
  return (isImageOrMemory(kind) ? digest_.image_texts : digest_.other_texts).add(textOf(event));
}

}  // namespace

Status digestTrace(TraceReader& reader, const DigestLimits& limits, Digest& digest) {
  Digester digester(reader.summary(), limits, digest);
  Status status;
  {
    EventAhead ahead(reader);
    while (true) {
      const Result<const Event*> event = ahead.next();
      status = event.status();
      if (!status || event.value() == nullptr) break;
      digester.see(*event.value());
    }
  }
  digester.finish();
  return status;
}

}  // namespace reprise
