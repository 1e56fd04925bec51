// The second look at a trace: the few events that a comparison shows, with all that is in them.
//
// A comparison keeps hashes only; what differs is read again, from the trace's start up to the last event
// asked for, for only so handles have names. Of each event what its use needs is kept, of its bytes a bounded
// number. Values; the caller's thread. Errors: a trace that cannot be read a second time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/status.h"
#include "tools/diff/objects.h"
#include "tools/diff/side.h"

namespace reprise {

struct DetailLeaf {
  std::string path;
  Leaf::Kind kind = Leaf::kText;
  std::string text;             // as it is shown; of bytes: those that are kept, as they are
  uint64_t handle = 0;          // kHandle: packed()
  uint64_t size = 0, hash = 0;  // kBytes: of all of them; of a handle's value where that counts, too
};

struct DiffDetail {
  uint64_t call_number = 0;  // of other events: of the call that follows
  uint32_t frame = 0, lane = 0;
  bool is_call = false;
  std::string command;      // or what the event is called
  std::string text;         // the event as `reprise dump` shows it, with the names of objects; see DetailUse
  uint64_t more_parts = 0;  // of a change of memory: runs of bytes behind the first, which is in `text`
  std::vector<DetailLeaf> leaves;  // of kMembers only
};

// What an event is wanted for; bits. kHeadLine: the first line of its text, which JSON has not.
enum DetailUse : uint8_t { kHeadLine = 1, kWholeText = 2, kMembers = 4 };
using WantedDetails = std::map<uint64_t, uint8_t>;  // by position

using DiffDetails = std::map<uint64_t, DiffDetail>;  // by position

Result<DiffDetails> readDetails(const std::string& path, const DiffOptions& options,
                                const WantedDetails& wanted, bool json);

// A member that is not the same; one side may lack it. Of events that were wanted for kMembers.
struct MemberDifference {
  std::string path;
  std::optional<std::string> a, b;
};
std::vector<MemberDifference> differingMembers(const DiffDetail& a, const DiffDetail& b,
                                               const DiffObjects& objects);

// `text` where it is plain, else quoted and escaped: names in a trace must not drive a terminal.
std::string plainText(std::string_view text);

}  // namespace reprise
