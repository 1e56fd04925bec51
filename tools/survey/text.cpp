#include <algorithm>
#include <cstdio>

#include "format/vk_limits.h"
#include "replay/session.h"
#include "tools/print/event_text.h"
#include "tools/replay_text.h"
#include "tools/survey/info_output.h"
#include "tools/survey/uses.h"

namespace reprise {
namespace {

// snprintf() into a string.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

unsigned long long wide(uint64_t value) { return value; }

std::string versionText(uint32_t version) {
  return "Vulkan " + std::to_string(VK_API_VERSION_MAJOR(version)) + "." +
         std::to_string(VK_API_VERSION_MINOR(version));
}

// "vkCmdDrawMultiEXT (call 337) and 4 other uses": the earliest of them.
std::string firstUse(const UsedThing& thing) {
  const auto first = std::min_element(thing.uses.begin(), thing.uses.end(), [](const auto& a, const auto& b) {
    return a.second.first < b.second.first;
  });
  if (first == thing.uses.end()) return "";
  std::string text = plain(first->first) + " (call " + std::to_string(first->second.first) + ")";
  const size_t more = thing.uses.size() - 1;
  if (more) text += " and " + std::to_string(more) + (more == 1 ? " other use" : " other uses");
  return text;
}

std::string namesIn(const std::vector<UsedThing>& things, UsedThing::State state) {
  std::string names;
  for (const UsedThing& thing : things)
    if (thing.state == state) names += (names.empty() ? "" : " ") + plain(thing.name);
  return names;
}

// What is used, a line each, then what is only enabled.
std::string thingsText(const std::string& title, const std::vector<UsedThing>& things) {
  if (things.empty()) return "";
  std::string out = title + "\n";
  for (const UsedThing& thing : things)
    if (thing.state == UsedThing::kUsed)
      out += labelled("    used", plain(thing.name) + ": " + firstUse(thing));
  if (const std::string names = namesIn(things, UsedThing::kUnused); !names.empty())
    out += labelled("    not used", names);
  if (const std::string names = namesIn(things, UsedThing::kUntold); !names.empty())
    out += labelled("    untold", names);
  return out;
}

std::string memoryText(const TraceFindings& f, size_t device) {
  const SurveyedDevice& known = f.devices[device];
  std::string out;
  for (const auto& [place, use] : f.heaps) {
    if (place.first != device) continue;
    out += formatted("  heap %-2u    %5llu %10s %10s  ", place.second, wide(use.allocations),
                     bytesText(use.peak).c_str(), bytesText(use.mapped_peak).c_str());
    if (place.second < known.heaps.size())
      out += "of " + bytesText(known.heaps[place.second].size) + ", " +
             flagNames(kVkMemoryHeapFlagBitsNames, known.heaps[place.second].flags, "VK_MEMORY_HEAP_");
    out += "\n";
  }
  for (const auto& [place, use] : f.memory_types) {
    if (place.first != device) continue;
    out += formatted("  type %-2u    %5llu %10s %10s  ", place.second, wide(use.allocations),
                     bytesText(use.peak).c_str(), bytesText(use.mapped_peak).c_str());
    if (place.second < known.memory_types.size()) {
      const SurveyedDevice::MemoryType& type = known.memory_types[place.second];
      out += formatted("heap %u, ", type.heap) +
             flagNames(kVkMemoryPropertyFlagBitsNames, type.flags, "VK_MEMORY_PROPERTY_");
    }
    out += "\n";
  }
  return out.empty() ? "" : "  memory      count       peak  mapped at once\n" + out;
}

std::string queuesText(const TraceFindings& f, size_t device) {
  std::string out;
  for (const auto& [place, use] : f.queues) {
    if (place.first != device) continue;
    std::string line = "family " + std::to_string(place.second);
    if (place.second < f.devices[device].families.size())
      line += " (" +
              flagNames(kVkQueueFlagBitsNames, f.devices[device].families[place.second].flags, "VK_QUEUE_") +
              ")";
    for (const auto& [index, submits] : use.submits)
      line += ", queue " + std::to_string(index) + ": " + counted(submits, "submit");
    out += labelled("  queues", line);
  }
  return out;
}

std::string limitsText(const TraceFindings& f, size_t device) {
  std::string out;
  const auto& captured = f.used[device].described.limits;
  for (const LimitRow& row : kLimitRows) {
    const auto needed = f.limits[device].find(row.name);
    if (needed == f.limits[device].end()) continue;
    const auto was = captured.find(row.name);
    out += labelled("  limit",
                    std::string(row.name) + (row.is_alignment ? " that divides " : " of at least ") +
                        std::to_string(needed->second) +
                        (was == captured.end() ? "" : " (captured on " + std::to_string(was->second) + ")"));
  }
  return out;
}

std::string devicesText(const TraceFindings& f, const UsedOfTrace& uses) {
  std::string out;
  for (size_t i = 0; i < uses.devices.size(); ++i) {
    const UsedOfDevice& device = uses.devices[i];
    out += "\n" + labelled("device " + std::to_string(i),
                           device.name.empty() ? "(the trace does not say which)" : plain(device.name));
    out += thingsText("  versions", device.versions);
    out += thingsText("  extensions", device.extensions);
    out += thingsText("  features", device.features);
    out += memoryText(f, i) + queuesText(f, i);
  }
  return out;
}

std::string objectsText(const TraceFindings& f) {
  if (f.objects.empty()) return "";
  std::string out = "\n      made       peak  left at end  objects\n";
  for (const ObjectCount& one : f.objects)
    out += formatted("%10llu %10llu %12llu  %s\n", wide(one.made), wide(one.peak), wide(one.left),
                     handleKindName(one.kind));
  return out;
}

std::string externalText(const TraceFindings& f) {
  if (f.external.empty()) return "";
  std::string out = "\n     count  external handle types\n";
  for (const ExternalUse& one : f.external)
    out += formatted("%10llu  %s of %s %s by %s, from call %llu on\n", wide(one.count), one.type.c_str(),
                     one.object.c_str(), roleName(one.role), one.structure.c_str(), wide(one.first_call));
  return out;
}

std::string holesText(const TraceFindings& f) {
  if (f.holes.empty()) return "";
  std::string out = "\n     count  holes: what could not be recorded\n";
  for (const HoleFound& one : f.holes)
    out += formatted("%10llu  %s, from call %llu on: ", wide(one.count), holeCause(one.cause),
                     wide(one.first_call)) +
           plain(one.text) + "\n";
  return out;
}

std::string framesText(const FrameFindings& frames) {
  if (frames.count == 0) return "";
  std::string out = "\nframes         minimum     median    maximum\n";
  const auto row = [&](const char* label, const Spread& spread) {
    out += formatted("%-11s %10llu %10llu %10llu\n", label, wide(spread.min), wide(spread.median),
                     wide(spread.max));
  };
  row("  calls", frames.calls);
  row("  submits", frames.submits);
  if (frames.nanoseconds)
    row("  ms", {frames.nanoseconds->min / 1'000'000, frames.nanoseconds->median / 1'000'000,
                 frames.nanoseconds->max / 1'000'000});
  return out;
}

std::string formatsText(const TraceFindings& f) {
  if (f.formats.empty()) return "";
  std::string out = "\n    images  buffer views  formats\n";
  for (const auto& [format, use] : f.formats)
    out += formatted("%10llu %13llu  ", wide(use.images + use.swapchains), wide(use.buffer_views)) +
           valueName(kVkFormatNames, format) +
           (use.usage ? ": " + flagNames(kVkImageUsageFlagBitsNames, use.usage, "VK_IMAGE_USAGE_") : "") +
           "\n";
  return out;
}

std::string swapchainsText(const TraceFindings& f) {
  std::string out;
  for (const SwapchainFound& one : f.swapchains)
    out += labelled("swapchain", std::to_string(one.width) + "x" + std::to_string(one.height) + " " +
                                     valueName(kVkFormatNames, one.format) + ", " +
                                     valueName(kVkColorSpaceKHRNames, one.color_space) + ", " +
                                     valueName(kVkPresentModeKHRNames, one.present_mode) + ", " +
                                     (one.images ? counted(one.images, "image") : "images unknown") +
                                     (one.layers > 1 ? " of " + counted(one.layers, "layer") : "") +
                                     (one.count > 1 ? ", made " + counted(one.count, "time") : "") +
                                     ", from call " + std::to_string(one.first_call) + " on");
  return out;
}

std::string shadersText(const ShaderFindings& shaders) {
  if (shaders.modules + shaders.graphics + shaders.compute + shaders.ray_tracing == 0) return "";
  return labelled(
      "shaders",
      counted(shaders.modules, "module") + ", " + bytesText(shaders.code_bytes) +
          (shaders.spirv_version ? ", SPIR-V up to " + spirvVersionText(shaders.spirv_version) : "") +
          "; pipelines: " + std::to_string(shaders.graphics) + " graphics, " +
          std::to_string(shaders.compute) + " compute, " + std::to_string(shaders.ray_tracing) +
          " ray tracing");
}

std::string neededNames(const std::vector<UsedThing>& things) {
  std::string names;
  for (const UsedThing& thing : things)
    if (thing.needed) names += (names.empty() ? "" : " ") + plain(thing.name);
  return names;
}

std::string neededMemory(const TraceFindings& f, size_t device) {
  const SurveyedDevice& known = f.devices[device];
  std::string out;
  for (const auto& [place, use] : f.memory_types)
    if (place.first == device && place.second < known.memory_types.size())
      out +=
          labelled("  memory", bytesText(use.peak) + " at once, " +
                                   flagNames(kVkMemoryPropertyFlagBitsNames,
                                             known.memory_types[place.second].flags, "VK_MEMORY_PROPERTY_"));
  return out;
}

std::string needsText(const TraceFindings& f, const UsedOfTrace& uses) {
  std::string out;
  for (size_t i = 0; i < uses.devices.size(); ++i) {
    const UsedOfDevice& device = uses.devices[i];
    out += "\na target for device " + std::to_string(i) + " needs\n";
    std::string version = versionText(device.needed_version);
    for (const UsedThing& thing : device.versions)
      if (thing.name == version && thing.needed) version += ": " + firstUse(thing);
    out += labelled("  version", version);
    std::string extensions = neededNames(uses.instance_extensions);
    const std::string of_device = neededNames(device.extensions);
    extensions += (extensions.empty() || of_device.empty() ? "" : " ") + of_device;
    out += labelled("  extensions", extensions.empty() ? "none" : extensions);
    const std::string features = neededNames(device.features);
    out += labelled("  features", features.empty() ? "none" : features);
    out += limitsText(f, i) + queuesText(f, i) + neededMemory(f, i);
    std::string formats;
    for (const auto& [format, use] : f.formats)
      formats += (formats.empty() ? "" : " ") + valueName(kVkFormatNames, format);
    if (!formats.empty()) out += labelled("  formats", formats);
  }
  return out;
}

}  // namespace

std::string surveyText(const TraceSummary& summary, const TraceFindings& f) {
  const UsedOfTrace uses = usesOf(f);
  std::string out;
  if (f.from_calls && !f.used.empty())
    out += "\n" + labelled("note:", "the trace has no metadata; what was enabled is taken from its calls");
  if (f.unreadable)
    out += "\n" + labelled("note:", counted(f.unreadable, "call") + " cannot be read, the first is call " +
                                        std::to_string(*f.first_unreadable) + "; `reprise dump` says why");
  if (f.left_out_rows)
    out += "\n" + labelled("note:", "lists end after " + std::to_string(kMostRows) + " rows; " +
                                        counted(f.left_out_rows, "call") + " would have added more");
  const std::string instance = thingsText("instance extensions", uses.instance_extensions);
  if (!instance.empty()) out += "\n" + instance;
  out += devicesText(f, uses) + objectsText(f) + externalText(f) + holesText(f) + framesText(f.frames) +
         formatsText(f);
  const std::string shown = swapchainsText(f) + shadersText(f.shaders);
  if (!shown.empty()) out += "\n" + shown;
  out += needsText(f, uses);
  const double rate = f.seconds > 0 ? double(summary.calls) / f.seconds / 1e6 : 0;
  return out + formatted("\nread %llu calls in %.2f s, %.1f million a second\n", wide(summary.calls),
                         f.seconds, rate);
}

std::string targetText(const Status& status, const ReplayReport& report) {
  std::string out = "\n";
  const std::string device = report.device.empty() ? "this machine" : plain(report.device);
  if (status)
    out += labelled("target",
                    device + " can replay it" +
                        (report.notes.empty() && std::all_of(report.changes.begin(), report.changes.end(),
                                                             [](const ObjectChange& change) {
                                                               return change.action == ObjectChange::kKept;
                                                             })
                             ? ", as it is"
                             : ", adapted"));
  else
    out += labelled("target", device + " cannot replay it");
  for (const std::string& note : report.notes) out += labelled("  note", plain(note));
  for (const std::string& line : changeLines(report.changes)) out += "  " + plain(line) + "\n";
  return out;
}

}  // namespace reprise
