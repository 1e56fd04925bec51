// What the program says beside its output: lines on stderr, at most kLinesPerSite from one place in the
// source, so that a trace with a million odd calls does not bury its first oddity.
//
// Any thread. No errors: a line that cannot be written is lost.
#pragma once

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace reprise {

inline constexpr unsigned kLinesPerSite = 20;

// Call once, at the start of main().
inline void startLog() {
  auto log = spdlog::stderr_color_mt("reprise");
  log->set_pattern("%n: %^%v%$");
  spdlog::set_default_logger(std::move(log));
}

// True while `lines`, the count of one call site, is within the limit; the last line says that it is.
inline bool mayLog(std::atomic<unsigned>& lines) {
  const unsigned line = lines.fetch_add(1, std::memory_order_relaxed);
  if (line == kLinesPerSite) spdlog::warn("... and more of the same, which is not shown");
  return line < kLinesPerSite;
}

}  // namespace reprise

// REPRISE_LOG(warn, "frame {}: {}", frame, text): level is error, warn or info. A macro, for the count is the
// site's own.
#define REPRISE_LOG(level, ...)                                     \
  do {                                                              \
    static std::atomic<unsigned> reprise_lines{0};                  \
    if (reprise::mayLog(reprise_lines)) spdlog::level(__VA_ARGS__); \
  } while (false)
