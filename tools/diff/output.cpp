#include "tools/diff/output.h"

#include <algorithm>
#include <future>

#include "tools/counted.h"

namespace reprise {
namespace {

constexpr size_t kMembersShown = 16;  // of one call

std::string number(uint64_t value) { return std::to_string(value); }

std::string_view lineOf(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

DiffOutput::DiffOutput(const DiffSide& a, const DiffSide& b, const DiffComparison& comparison,
                       const DiffOptions& reading, const DiffOutputOptions& options, DumpOutput& output)
    : a_(a),
      b_(b),
      comparison_(comparison),
      reading_(reading),
      options_(options),
      output_(output),
      differences_(comparison.differences()) {
  gather();
}

// Differences of one lane that are near each other are one hunk.
void DiffOutput::gather() {
  for (size_t i = 0; i < differences_.size(); ++i) {
    const Difference& next = differences_[i];
    if (!hunks_.empty()) {
      const Difference& before = differences_[hunks_.back().last];
      const uint64_t end = before.edit.a + before.edit.a_count;
      if (before.pair == next.pair && next.edit.a >= end && next.edit.a - end <= 2 * options_.context) {
        hunks_.back().last = i;
        continue;
      }
    }
    hunks_.push_back({i, i});
  }
  for (const Difference& difference : differences_) want(difference);
  for (const Hunk& hunk : hunks_) {
    if (options_.json) break;
    const LaneAligner& pair = comparison_.pair(differences_[hunk.first].pair);
    const auto wantRange = [&](Range range) {
      for (uint64_t i = range.begin; i < range.end; ++i) wanted_a_[pair.itemA(i).position] |= kHeadLine;
    };
    for (size_t i = hunk.first; i <= hunk.last; ++i) wantRange(contextBefore(hunk, i));
    wantRange(contextAfter(hunk));
  }
}

void DiffOutput::want(const Difference& difference) {
  const LaneAligner& pair = comparison_.pair(difference.pair);
  const Edit& edit = difference.edit;
  const uint8_t uses = edit.kind == Edit::kChanged ? kHeadLine | kMembers : kWholeText;
  for (uint64_t i = 0; i < std::min(edit.a_count, kShownOfRun); ++i)
    wanted_a_[pair.itemA(edit.a + i).position] |= uses;
  for (uint64_t i = 0; i < std::min(edit.b_count, kShownOfRun); ++i)
    wanted_b_[pair.itemB(edit.b + i).position] |= uses;
}

// What stands before a difference of the hunk and behind the one before it.
DiffOutput::Range DiffOutput::contextBefore(const Hunk& hunk, size_t index) const {
  const Difference& difference = differences_[index];
  if (!comparison_.pair(difference.pair).a()) return {0, 0};
  const uint64_t end = difference.edit.a;
  if (index == hunk.first) return {end - std::min(end, options_.context), end};
  const Edit& before = differences_[index - 1].edit;
  return {before.a + before.a_count, end};
}

DiffOutput::Range DiffOutput::contextAfter(const Hunk& hunk) const {
  const Difference& last = differences_[hunk.last];
  const DiffLane* lane = comparison_.pair(last.pair).a();
  if (!lane) return {0, 0};
  const uint64_t begin = last.edit.a + last.edit.a_count;
  return {begin, std::min(begin + options_.context, lane->items.size())};
}

Status DiffOutput::read() {
  auto of_b = std::async(std::launch::async,
                         [this] { return readDetails(b_.path(), reading_, wanted_b_, options_.json); });
  Result<DiffDetails> of_a = readDetails(a_.path(), reading_, wanted_a_, options_.json);
  Result<DiffDetails> result_b = of_b.get();
  if (!of_a) return of_a.status();
  if (!result_b) return result_b.status();
  details_a_ = std::move(of_a.value());
  details_b_ = std::move(result_b.value());
  return Status::ok();
}

const DiffDetail& DiffOutput::detailA(const Difference& difference, uint64_t index) const {
  return details_a_.at(comparison_.pair(difference.pair).itemA(index).position);
}

const DiffDetail& DiffOutput::detailB(const Difference& difference, uint64_t index) const {
  return details_b_.at(comparison_.pair(difference.pair).itemB(index).position);
}

bool DiffOutput::flush() {
  const bool wanted = output_.write(out_);
  out_.clear();
  return wanted;
}

Status DiffOutput::write() {
  if (options_.json) {
    jsonHead();
    for (const Difference& difference : differences_) {
      jsonEdit(difference);
      if (!flush()) return output_.status();
    }
    jsonSummary();
    return flush() && output_.flush() ? Status::ok() : output_.status();
  }
  writeHead();
  for (const Hunk& hunk : hunks_) {
    writeHunk(hunk);
    if (!flush()) return output_.status();
  }
  writeSummary();
  return flush() && output_.flush() ? Status::ok() : output_.status();
}

void DiffOutput::writeLine(std::string_view colour, std::string_view mark, std::string_view text) {
  const std::string_view reset = colour.empty() ? std::string_view() : options_.palette->reset;
  out_.append(colour).append(mark).append(text).append(reset) += '\n';
}

void DiffOutput::writeHead() {
  if (differences_.empty()) return;
  const auto line = [&](const char* mark, std::string_view colour, const DiffSide& side) {
    writeLine(colour, mark,
              plainText(side.path()) + ": " + plainText(side.summary().info.command_line) + ", " +
                  counted(side.summary().frames, "frame") + ", " + counted(side.summary().calls, "call"));
  };
  line("--- A ", options_.palette->failure, a_);
  line("+++ B ", options_.palette->result, b_);
}

void DiffOutput::writeHunkHead(const Hunk& hunk) {
  const Difference& first = differences_[hunk.first];
  const LaneAligner& pair = comparison_.pair(first.pair);
  const Edit& edit = first.edit;
  std::string head = "@@ ";
  const auto side = [&](const char* name, const DiffDetail* detail, const DiffLane* lane) {
    if (!lane) return;
    head += std::string(name) + " ";
    if (!detail) {
      head += "has no more, thread \"";
    } else {
      head += "frame " + number(detail->frame) + ", call " + number(detail->call_number) + ", thread " +
              number(detail->lane) + " \"";
    }
    head += plainText(lane->name) + "\"";
  };
  const bool in_a = edit.a_count > 0, in_b = edit.b_count > 0;
  side("A", in_a ? &detailA(first, edit.a) : nullptr, in_a || !in_b ? pair.a() : nullptr);
  if (in_a && in_b) head += "; ";
  side("B", in_b ? &detailB(first, edit.b) : nullptr, in_b ? pair.b() : nullptr);
  const auto missing = [](const DiffLane& there) {
    return there.memory ? " never changes that memory" : " has no such thread";
  };
  if (!pair.b()) head += std::string("; B") + missing(*pair.a());
  if (!pair.a()) head += std::string("; A") + missing(*pair.b());
  out_ += '\n';
  writeLine(options_.palette->frame, head, " @@");
}

void DiffOutput::writeHunk(const Hunk& hunk) {
  writeHunkHead(hunk);
  for (size_t i = hunk.first; i <= hunk.last; ++i) {
    writeContext(differences_[i], contextBefore(hunk, i));
    writeEdit(differences_[i]);
  }
  writeContext(differences_[hunk.last], contextAfter(hunk));
}

void DiffOutput::writeContext(const Difference& difference, Range range) {
  for (uint64_t i = range.begin; i < range.end; ++i) {
    writeLine(options_.palette->remark, "  ", detailA(difference, i).text);
  }
}

void DiffOutput::writeEdit(const Difference& difference) {
  const Edit& edit = difference.edit;
  if (edit.kind == Edit::kChanged) return writeChange(difference);
  if (edit.kind == Edit::kDiverged) {
    writeLine(options_.palette->warning, "",
              "# from here to the end of the frame too much differs to be compared: " +
                  counted(edit.a_count, "event") + " of A, " + number(edit.b_count) + " of B");
  }
  if (edit.at_end && edit.a_count > 0 && comparison_.pair(difference.pair).b())
    writeLine({}, "", "# B ends here");
  if (edit.at_end && edit.b_count > 0 && comparison_.pair(difference.pair).a())
    writeLine({}, "", "# A ends here");
  if (edit.a_count > 0) writeRun(difference, true);
  if (edit.b_count > 0) writeRun(difference, false);
}

void DiffOutput::writeChange(const Difference& difference) {
  const DiffDetail& a = detailA(difference, difference.edit.a);
  const DiffDetail& b = detailB(difference, difference.edit.b);
  std::string head = a.text;
  if (b.is_call && b.call_number != a.call_number) head += "   (B: " + number(b.call_number) + ")";
  writeLine(options_.palette->command, "! ", head);
  const auto members = differingMembers(a, b, comparison_.objects());
  if (members.empty()) writeLine({}, "    # ", "the same members in another order");
  for (size_t i = 0; i < std::min(members.size(), kMembersShown); ++i) {
    const MemberDifference& member = members[i];
    if (member.a) writeLine(options_.palette->failure, "    - ", member.path + " = " + *member.a);
    if (member.b) writeLine(options_.palette->result, "    + ", member.path + " = " + *member.b);
  }
  if (members.size() > kMembersShown)
    writeLine({}, "    # ", "and " + counted(members.size() - kMembersShown, "more member"));
}

void DiffOutput::writeRun(const Difference& difference, bool of_a) {
  const Edit& edit = difference.edit;
  const uint64_t count = of_a ? edit.a_count : edit.b_count;
  const std::string_view colour = of_a ? options_.palette->failure : options_.palette->result;
  const uint64_t shown = std::min(count, kShownOfRun);
  for (uint64_t i = 0; i < shown; ++i) {
    const DiffDetail& detail = of_a ? detailA(difference, edit.a + i) : detailB(difference, edit.b + i);
    std::string_view text = detail.text;
    while (!text.empty()) writeLine(colour, of_a ? "- " : "+ ", lineOf(text));
    if (detail.more_parts > 0)
      writeLine(colour, of_a ? "-   " : "+   ", "and " + counted(detail.more_parts, "more run"));
  }
  if (shown < count) writeLine(colour, of_a ? "- " : "+ ", "... and " + number(count - shown) + " more");
}

std::string DiffOutput::firstText() const {
  const Difference& first = differences_.front();
  const Edit& edit = first.edit;
  const auto place = [](const char* side, const DiffDetail& detail) {
    return std::string(side) + " frame " + number(detail.frame) + ", call " + number(detail.call_number) +
           ", thread " + number(detail.lane);
  };
  const DiffDetail& shown = edit.a_count > 0 ? detailA(first, edit.a) : detailB(first, edit.b);
  std::string text = "first: " + shown.command;
  if (edit.a_count > 0) text += ", " + place("A", detailA(first, edit.a));
  if (edit.b_count > 0) text += ", " + place("B", detailB(first, edit.b));
  return text;
}

void DiffOutput::writeSummary() {
  const DiffCounts& counts = comparison_.counts();
  if (!counts.same()) {
    out_ += '\n';
    if (counts.changed + counts.only_a + counts.only_b > 0) {
      uint64_t said = 0;
      for (const Difference& difference : differences_)
        said +=
            difference.edit.kind == Edit::kChanged ? 1 : difference.edit.a_count + difference.edit.b_count;
      const uint64_t all = counts.changed + counts.only_a + counts.only_b;
      if (said < all) out_ += "... and " + number(all - said) + " more differences; --max shows more\n";
    }
  }
  out_ += counts.same() ? "same: " : "different: ";
  out_ += number(counts.equal) + " equal, " + number(counts.changed) + " changed, " + number(counts.only_a) +
          " only in A, " + number(counts.only_b) + " only in B";
  if (counts.beyond_a + counts.beyond_b > 0)
    out_ += "; beyond the other's end: " + number(counts.beyond_a) + " of A, " + number(counts.beyond_b) +
            " of B";
  if (a_.leftOut() + b_.leftOut() > 0)
    out_ += "; not compared: " + number(a_.leftOut()) + " of A, " + number(b_.leftOut()) + " of B";
  out_ += '\n';
  if (!differences_.empty()) out_ += firstText() + "\n";
}

}  // namespace reprise
