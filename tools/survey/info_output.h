// What `reprise info` prints: as text of at most 100 columns, and as JSON.
//
// Text of a trace is escaped in both. The keys of the JSON are documented here; they are only ever added to.
// Of the whole: program, command_line, host, os, captured, tool_version, registry_version, format_version,
//   complete, watermark (where not complete), file_bytes, frames, frame_end, submits, calls, unfinished,
//   holes, memory_changes, memory_bytes, outside_contents, outside_bytes, threads [{thread, tid, name}],
//   sizes [{kind, blocks, raw_bytes, stored_bytes}], commands [{command, calls}], applications, devices,
//   capture (metadata as captured), notes [text]; survey without --quick; target with --target.
// survey: seconds, from_calls (the trace has no metadata: calls say what was enabled), unreadable_calls,
//   rows_left_out, instance_extensions [thing], devices [{name, needed_version, versions [thing], extensions
//   [thing], features [thing + structure], limits {name: {needed, captured}}, memory_heaps [{heap, size,
//   flags, allocations, peak_bytes, mapped_peak_bytes}], memory_types [the same + type, heap], queue_families
//   [{family, flags, queues [{index, submits}]}]}], objects [{type, made, peak, left}], external [{object,
//   structure, type, role, count, first_call}], holes [{cause, text, count, first_call}], frames {count,
//   calls, submits, nanoseconds: {min, median, max}}, shaders {modules, code_bytes, spirv_version,
//   graphics_pipelines, compute_pipelines, ray_tracing_pipelines}, swapchains [{width, height, layers,
//   images, format, color_space, present_mode, usage, count, first_call}], formats [{format, images,
//   buffer_views, swapchains, usage, first_call}]. A thing is {name, state: "used" | "not used" | "cannot be
//   told", needed, uses [{what, calls, first_call}]}.
// target: device, can_replay, reason (where it cannot), notes [text], changes [{command, object, struct,
// from,
//   to, action, reason, target, count, call}].
// Pure functions; any thread.
#pragma once

#include <string>

#include "format/reader.h"
#include "replay/player.h"
#include "tools/counted.h"
#include "tools/metadata_json.h"
#include "tools/print/registry_names.h"
#include "tools/survey/trace_survey.h"

namespace reprise {

Json infoJson(const TraceSummary& summary);
Json surveyJson(const TraceFindings& findings);
Json targetJson(const Status& status, const ReplayReport& report);

std::string infoText(const std::string& file, const TraceSummary& summary);
std::string surveyText(const TraceSummary& summary, const TraceFindings& findings);
std::string targetText(const Status& status, const ReplayReport& report);

// -- parts of both

std::string utcTime(uint64_t unix_seconds);      // "2026-11-29 03:30:00 UTC", "unknown"
std::string spirvVersionText(uint32_t version);  // "1.5"; "" for 0

// `value` for people: text without quotes (a trace's text cannot drive the terminal), lists joined by blanks.
std::string plain(const Json& value);
std::string bytesText(uint64_t bytes);  // "64.0 MiB"
// "label        words, wrapped ...\n": later lines are indented as the first. A word is never broken.
std::string labelled(const std::string& label, const std::string& words);
// "TRANSFER_SRC|SAMPLED": without what the names of all flags of that kind share.
std::string flagNames(const EnumInfo& of, uint64_t flags, std::string_view prefix);

}  // namespace reprise
