// The constants that the writer and the reader of a `.vkr` file share. format/FORMAT.md is the text to them.
//
// A file is: FileStart, the header table (trace.fbs), blocks back to back, an index block, FileEnd.
// All integers little-endian. Plain data; no thread rule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/little_endian.h"

namespace reprise {

// The first byte is no text, the last four show a transfer that rewrote line ends.
inline constexpr std::array<uint8_t, 8> kFileMagic = {0x8f, 'V', 'K', 'R', '\r', '\n', 0x1a, '\n'};
inline constexpr std::array<uint8_t, 8> kEndMagic = {0x8e, 'V', 'K', 'R', 'e', 'n', 'd', '\n'};
inline constexpr uint64_t kBlockMarker = 0x4b4c425256e9b3f5;  // bytes f5 b3 e9 'V' 'R' 'B' 'L' 'K'

inline constexpr uint16_t kVersionMajor = 1;  // a reader refuses a file of another major version
inline constexpr uint16_t kVersionMinor = 1;  // additions that an older reader may skip

// magic[8], u16 major, u16 minor, u32 header bytes, u64 xxh3 of the header bytes
inline constexpr size_t kFileStartBytes = 24;
// u64 offset of the index block, u64 xxh3 of those eight bytes, magic[8]
inline constexpr size_t kFileEndBytes = 24;
inline constexpr size_t kBlockHeaderBytes = 56;

inline constexpr uint32_t kMaxHeaderBytes = 1 << 20;
// A block's raw size is at most this, or kMaxRatio times its stored size. (The writer pads, so that no block
// of its own breaks the rule.) No length field can make a reader allocate more.
inline constexpr uint32_t kMaxBlockRaw = 4 << 20;
inline constexpr uint32_t kMaxRatio = 1024;
inline constexpr uint32_t kMaxRecordBytes = 1u << 30;  // of one record's inputs or outputs, or one bulk item

enum class BlockKind : uint16_t {
  kCalls = 1,         // records of one lane
  kMemory = 2,        // records of one lane that started with a memory change
  kBulk = 3,          // byte ranges by number
  kWatermark = 4,     // no payload; first_order: all records with a ticket <= this lie before
  kInitialState = 5,  // reserved: captures that begin mid-run
  kMetadata = 6,      // metadata items by number
  kAnnotation = 7,    // reserved: notes that a user adds to a finished trace
  kNames = 8,         // commands and lanes
  kIndex = 9,         // trace.fbs: Index
};

struct BlockHeader {
  BlockKind kind{};
  uint32_t lane = 0;          // calls, memory
  uint64_t first_order = 0;   // calls, memory: order of the first record, base of its steps
  uint64_t first_number = 0;  // calls, memory: calls of this lane before; bulk, metadata: number of the first
  uint32_t count = 0;         // records or items
  uint32_t raw_bytes = 0;
  uint32_t stored_bytes = 0;
  uint64_t checksum = 0;  // xxh3-64 of the stored payload
};

// What comes before the first block, and behind the index.
std::vector<std::byte> encodeFileStart(std::span<const std::byte> header, uint16_t version_minor);
std::vector<std::byte> encodeFileEnd(uint64_t index_offset);

std::array<std::byte, kBlockHeaderBytes> encodeBlockHeader(const BlockHeader& header);
// nullopt: no marker here, or the header does not match its own check.
std::optional<BlockHeader> decodeBlockHeader(std::span<const std::byte, kBlockHeaderBytes> bytes);
uint64_t checksumOf(std::span<const std::byte> bytes);
const char* blockKindName(BlockKind kind);  // nullptr: unknown kind

// A record in a calls or memory block: u16 command, u8 flags, u8 step, u32 size; then, as the flags say,
// u64 order (step == kStepAbsolute), u32 output size, u32 input bulks + u32 output bulks + their u32 numbers;
// then the inputs (`size` bytes), then the outputs.
inline constexpr size_t kRecordHeaderBytes = 8;
inline constexpr uint8_t kStepAbsolute = 255;

enum FileRecordFlags : uint8_t {
  kFileOutputs = 1 << 0,      // the call returned; output size and outputs are there
  kFileTicketed = 1 << 1,     // order is the call's own ticket, else the counter's value when it was made
  kFileBulks = 1 << 2,        // bulk counts and numbers are there; contents: its number
  kFileUnfinished = 1 << 3,   // announced, never returned
  kFileMixed = 1 << 4,        // memory change: some bytes may be the GPU's
  kFileProvisional = 1 << 5,  // a call still open when its block was closed; void if a kFileResumes follows
  kFileResumes = 1 << 6,      // the whole of the call whose provisional copy came before in this lane
  kFileFrameEnd = 1 << 7,     // the call says that a frame ends (frame_ends.h)
};

// Values of a record's command from here on are no commands.
enum FileRecordKind : uint16_t {
  kFileFirstSpecial = 0xff00,
  kFileMemory = 0xff02,  // u64 memory, device, generation, offset, u32 runs; a run: u32 gap, u32 size or
                         // kRunIsBulk | size and u32 bulk number; then the bytes of the runs that are no bulk
  kFileHole = 0xff03,    // u32 cause, u32 zero, u64 subject, UTF-8 text
  kFileMetadata = 0xff04,  // u32 number of the metadata item that arrived here
  kFileTime = 0xff05,      // u32 milliseconds since the header's start_ns, for the records from here on
  kFileContents = 0xff06,  // ContentsRecord, then its bytes; with kFileBulks a u32 bulk number in their place
  kFilePayload = 0xff07,   // PayloadRecord
  kFileOpaque = 0xff08,    // OpaqueRecord, then its values
};
inline constexpr uint32_t kRunIsBulk = 1u << 31;
inline constexpr size_t kMemoryBodyBytes = 36;
inline constexpr size_t kHoleBodyBytes = 16;
inline constexpr size_t kContentsBodyBytes = 64;
inline constexpr size_t kPayloadBodyBytes = 16;
inline constexpr size_t kOpaqueBodyBytes = 24;

// Items of a bulk block: u64 low, u64 high of the bytes' xxh3-128, u32 size or kItemDelta4 | size, bytes.
// With kItemDelta4, from the fifth byte on, the byte four before it was taken off each: pixels and vertices
// get smaller.
inline constexpr size_t kBulkItemHeaderBytes = 20;
inline constexpr uint32_t kItemDelta4 = 1u << 31;
void applyDelta4(std::span<std::byte> bytes);
void undoDelta4(std::span<std::byte> bytes);

// Items of a names block: u8 kind, u8 zero, u16 name bytes, u32 id, [lanes: u32 tid], name.
enum NameKind : uint8_t { kNameCommand = 1, kNameLane = 2 };

}  // namespace reprise
