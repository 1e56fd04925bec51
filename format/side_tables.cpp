#include "format/side_tables.h"

#include <xxhash.h>

#include <algorithm>

namespace reprise {

namespace {
// Bulk items remembered for storing them once; beyond it the memory of the older ones is given up.
constexpr size_t kMaxRememberedBulks = 1 << 20;
constexpr size_t kMaxNameBytes = 1024;
}  // namespace

SideTables::SideTables(BlockSink& sink, CommandNames names, uint32_t block_bytes)
    : sink_(sink), names_(names), block_bytes_(block_bytes) {}

FileCommand SideTables::newCommand(uint16_t registry_id) {
  const char* name = names_.name_of(registry_id);
  if (registry_id == 0 || name == nullptr || command_calls_.size() >= kFileFirstSpecial) return {};
  if (registry_id >= file_commands_.size()) file_commands_.resize(registry_id + size_t{1});
  std::string_view text = name;
  FileCommand& command = file_commands_[registry_id];
  command.id = static_cast<uint16_t>(command_calls_.size());
  command.present = text == "vkQueuePresentKHR";
  command.submit = text.starts_with("vkQueueSubmit");
  command.may_end_frame = names_.ends_frame != nullptr && names_.may_end_frame(registry_id);
  command_calls_.push_back(0);
  registry_ids_.push_back(registry_id);
  nameItem(kNameCommand, command.id, nullptr, text);
  return command;
}

void SideTables::nameLane(const LaneInfo& lane) { nameItem(kNameLane, lane.id, &lane.tid, lane.name); }

void SideTables::nameItem(NameKind kind, uint32_t id, const uint32_t* tid, std::string_view name) {
  name = name.substr(0, kMaxNameBytes);
  RawBytes& raw = names_table_.raw;
  appendLe(raw, static_cast<uint8_t>(kind));
  appendLe(raw, uint8_t{0});
  appendLe(raw, static_cast<uint16_t>(name.size()));
  appendLe(raw, id);
  if (tid != nullptr) appendLe(raw, *tid);
  appendBytes(raw, asBytes(name));
  ++names_table_.count;
  ++names_table_.number;
  if (raw.size() >= block_bytes_) closeTable(names_table_);
}

uint32_t SideTables::addBulk(std::span<const std::byte> bytes) {
  XXH128_hash_t xxh = XXH3_128bits(bytes.data(), bytes.size());
  Hash hash{xxh.low64, xxh.high64};
  auto found = bulk_numbers_.find(hash);
  if (found != bulk_numbers_.end()) return found->second;
  if (bulk_numbers_.size() >= kMaxRememberedBulks) bulk_numbers_.clear();
  Table& table = bulk_table_;
  if (!table.raw.empty() && table.raw.size() + bytes.size() > block_bytes_) closeTable(table);
  if (table.raw.capacity() == 0) {
    table.raw = sink_.spareBuffer();
    table.raw.clear();
  }
  auto number = static_cast<uint32_t>(table.number);
  appendLe(table.raw, hash.low);
  appendLe(table.raw, hash.high);
  appendLe(table.raw, static_cast<uint32_t>(bytes.size()));
  appendBytes(table.raw, bytes);
  ++table.count;
  ++table.number;
  bulk_numbers_.emplace(hash, number);
  return number;
}

uint32_t SideTables::addMetadata(uint32_t kind, std::span<const std::byte> bytes) {
  Table& table = metadata_table_;
  auto number = static_cast<uint32_t>(table.number);
  appendLe(table.raw, kind);
  appendLe(table.raw, static_cast<uint32_t>(bytes.size()));
  appendBytes(table.raw, bytes);
  ++table.count;
  ++table.number;
  if (table.raw.size() >= block_bytes_) closeTable(table);
  return number;
}

void SideTables::close() {
  closeTable(names_table_);
  closeTable(metadata_table_);
  closeTable(bulk_table_);
}

void SideTables::closeTable(Table& table) {
  if (table.raw.empty()) return;
  BlockHeader header;
  header.kind = table.kind;
  header.first_number = table.number - table.count;
  header.count = table.count;
  sink_.submit(header, std::move(table.raw));
  table.raw = {};
  table.count = 0;
}

}  // namespace reprise
