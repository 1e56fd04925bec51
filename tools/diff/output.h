// What `reprise diff` says: a hunk for every place where two traces differ, and the counts; as text or as
// JSON lines.
//
// Text is for people: lines that start with `-` are A's, with `+` B's, with `!` calls that both make, with
// members that differ; others are what surrounds them. JSON has one object a line, by its "kind": "traces"
// first, then "changed", "only_a", "only_b" and "diverged", last "summary". The comparison must have run.
// References are kept. One thread's. Errors: a trace that cannot be read again; a reader of the output who
// has left is none.
#pragma once

#include <string>

#include "format/status.h"
#include "tools/diff/compare.h"
#include "tools/diff/details.h"
#include "tools/palette.h"
#include "tools/print/dump_output.h"

namespace reprise {

struct DiffOutputOptions {
  bool json = false;
  uint64_t context = 3;  // equal calls around a difference
  const Palette* palette = &kPlain;
};

// The details of both sides that the output needs.
class DiffOutput {
 public:
  DiffOutput(const DiffSide& a, const DiffSide& b, const DiffComparison& comparison,
             const DiffOptions& reading, const DiffOutputOptions& options, DumpOutput& output);

  Status read();
  Status write();

 private:
  struct Hunk {
    size_t first, last;  // of differences_, both included
  };
  struct Range {
    uint64_t begin, end;  // items of a lane
  };

  // How many calls of a run of left-over ones are shown; the rest is a number.
  static constexpr uint64_t kShownOfRun = 8;

  bool flush();
  void gather();
  void want(const Difference& difference);
  Range contextBefore(const Hunk& hunk, size_t index) const;
  Range contextAfter(const Hunk& hunk) const;
  const DiffDetail& detailA(const Difference& difference, uint64_t index) const;
  const DiffDetail& detailB(const Difference& difference, uint64_t index) const;

  void writeHead();
  void writeHunk(const Hunk& hunk);
  void writeHunkHead(const Hunk& hunk);
  void writeContext(const Difference& difference, Range range);
  void writeEdit(const Difference& difference);
  void writeChange(const Difference& difference);
  void writeRun(const Difference& difference, bool of_a);
  void writeSummary();
  void writeLine(std::string_view colour, std::string_view mark, std::string_view text);
  std::string firstText() const;

  void jsonHead();
  void jsonEdit(const Difference& difference);
  void jsonSummary();

  const DiffSide& a_;
  const DiffSide& b_;
  const DiffComparison& comparison_;
  const DiffOptions& reading_;
  const DiffOutputOptions options_;
  DumpOutput& output_;
  std::vector<Difference> differences_;
  std::vector<Hunk> hunks_;
  WantedDetails wanted_a_, wanted_b_;
  DiffDetails details_a_, details_b_;
  std::string out_;
};

}  // namespace reprise
