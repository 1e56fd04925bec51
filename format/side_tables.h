// What the lanes' records refer to: command and lane names, bulk bytes by content, metadata items.
//
// Each gathers in a block of its own; close() submits them, and is called before any block that refers to
// them, so the file never names what it does not hold yet. One thread. The sink must outlive this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "format/block_sink.h"
#include "format/command_names.h"
#include "format/writer.h"

namespace reprise {

struct FileCommand {
  uint16_t id = 0;  // the file's own; 0: no such command
  bool present = false;
  bool submit = false;
  bool may_end_frame = false;  // as one of its calls may say
  bool plain() const { return id != 0 && !present && !submit && !may_end_frame; }  // counts for itself alone
};

class SideTables {
 public:
  SideTables(BlockSink& sink, CommandNames names, uint32_t block_bytes);

  FileCommand fileCommand(uint16_t registry_id) {
    if (registry_id < file_commands_.size() && file_commands_[registry_id].id != 0) [[likely]]
      return file_commands_[registry_id];
    return newCommand(registry_id);
  }
  FileCommand knownCommand(uint16_t registry_id) const {  // id 0 before its first fileCommand()
    return registry_id < file_commands_.size() ? file_commands_[registry_id] : FileCommand();
  }
  void countCall(uint16_t file_id) { ++command_calls_[file_id]; }
  bool endsFrame(FileCommand command, std::span<const std::byte> inputs) const {
    return command.may_end_frame && names_.ends_frame(registry_ids_[command.id], inputs);
  }
  void nameLane(const LaneInfo& lane);
  uint32_t addBulk(std::span<const std::byte> bytes);                     // its number
  uint32_t addMetadata(uint32_t kind, std::span<const std::byte> bytes);  // its number
  void close();

  const std::vector<uint64_t>& commandCalls() const { return command_calls_; }  // by file id; [0] is unused

 private:
  struct Hash {
    uint64_t low, high;
    bool operator==(const Hash&) const = default;
  };
  struct HashOfHash {
    size_t operator()(const Hash& hash) const { return hash.low; }
  };
  struct Table {
    BlockKind kind;
    RawBytes raw{};
    uint32_t count = 0;   // items in raw
    uint64_t number = 0;  // of the next item
  };

  FileCommand newCommand(uint16_t registry_id);
  void closeTable(Table& table);
  void nameItem(NameKind kind, uint32_t id, const uint32_t* tid, std::string_view name);

  BlockSink& sink_;
  CommandNames names_;
  uint32_t block_bytes_;
  std::vector<FileCommand> file_commands_;  // by registry id
  std::vector<uint64_t> command_calls_{0};
  std::vector<uint16_t> registry_ids_{0};  // by file id
  Table names_table_{BlockKind::kNames};
  Table bulk_table_{BlockKind::kBulk};
  Table metadata_table_{BlockKind::kMetadata};
  std::unordered_map<Hash, uint32_t, HashOfHash> bulk_numbers_;
};

}  // namespace reprise
