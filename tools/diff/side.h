// One of the two traces that are compared: read once, from its start, into an ItemStore.
//
// open() opens the file; read() takes every event, on whatever thread it is called (the two sides are
// independent); after it the lanes can be compared in any order. With `merged` all threads are one lane, in
// merged order; otherwise a lane is a thread, or the changes of one allocation: which allocation was scanned
// first depends on time. Owns the reader and the store. Errors: a file that cannot be read, a temporary file
// that cannot be written.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "format/reader.h"
#include "tools/diff/items.h"
#include "tools/diff/leaves.h"

namespace reprise {

struct DiffOptions {
  bool strict = false;
  std::vector<std::string> ignored;   // patterns: rules.h
  std::vector<std::string> commands;  // only events of these names (globs); empty: all
  uint32_t first_frame = 0, last_frame = UINT32_MAX;
  ReadOptions reading;
};

struct DiffLane {
  uint32_t id = 0;
  std::string name;     // of the thread
  uint64_t memory = 0;  // the allocation, packed(), of a lane of memory changes; else 0
  ItemStore::Lane items;
};

// An object in one 64-bit number.
inline uint64_t packed(const ObjectName& object) { return uint64_t(object.kind) << 56 | object.number; }
inline HandleKind kindOf(uint64_t handle) { return HandleKind(handle >> 56); }
inline uint64_t numberOf(uint64_t handle) { return handle & ((uint64_t{1} << 56) - 1); }

class DiffSide {
 public:
  DiffSide(std::string path, const DiffOptions& options)
      : path_(std::move(path)), options_(options), rules_(options.strict, options.ignored) {}

  Status open();
  Status read(bool merged);

  const std::string& path() const { return path_; }
  const TraceSummary& summary() const { return reader_->summary(); }
  size_t callingThreads() const;
  const DiffRules& rules() const { return rules_; }
  const ItemStore& store() const { return store_; }
  const std::vector<DiffLane>& lanes() const { return lanes_; }  // in the order of their first items
  const std::vector<std::string>& commands() const { return commands_; }
  uint64_t items() const { return items_; }
  uint64_t leftOut() const { return left_out_; }  // events that time explains, or that were to be ignored

 private:
  void take(const Leaf& leaf);
  Status readEvent(const Event& event, uint64_t position, EventLeaves& leaves);
  Status flush();
  DiffLane& laneOf(const Event& event, const EventLeaves& leaves);
  uint32_t commandId(const Event& event);

  const std::string path_;
  const DiffOptions& options_;
  DiffRules rules_;
  std::unique_ptr<TraceReader> reader_;
  ItemStore store_;
  std::vector<DiffLane> lanes_;
  std::vector<std::string> commands_;
  std::map<std::string, uint32_t, std::less<>> command_ids_;
  std::unordered_map<uint64_t, size_t> lane_ids_;  // by thread, or by allocation
  bool merged_ = false;
  uint64_t items_ = 0, left_out_ = 0;

  // The item whose leaves are being gathered.
  bool pending_ = false;
  size_t pending_lane_ = 0;
  DiffItem item_;
  std::string key_;  // what is hashed
  std::vector<uint64_t> handles_;
};

// Whether an event is among those that `options` ask for, whatever is in it.
bool isWanted(const DiffOptions& options, const Event& event);

}  // namespace reprise
