// One record as the layer writes it into a lane and as the writer's process takes it out again.
//
// A lane is the byte stream of one thread: records back to back, each a LaneRecord, then `size` bytes of
// payload, then zero padding to 8 bytes. format/FORMAT.md describes the form a record has in the file.
// Plain data shared between two processes of one machine: host byte order, no pointers.
// The reader of a lane treats every field as hostile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reprise {

enum RecordFlags : uint16_t {
  kAnnounce = 1 << 0,    // payload holds the inputs; the driver has not been called yet
  kComplete = 1 << 1,    // payload holds outputs and result. Both bits: a call without outputs, one record
  kTicketed = 1 << 2,    // `order` is the call's own ticket; otherwise the ticket counter's value, only noted
  kTimed = 1 << 3,       // payload starts with a uint64_t of CLOCK_MONOTONIC_COARSE nanoseconds
  kFirstPiece = 1 << 4,  // of a record that is larger than kMaxRecordPayload: payload starts with its
                         // uint64_t total payload size, and kPiece records with the rest follow
  kMixed = 1 << 5,       // memory change: some of these bytes may have been the GPU's
  kUnfinished = 1 << 6,  // set by the writer: announced, never returned
  kDeviceWritable = 1 << 7,  // memory change: the device may write this range as well, so the writer must not
                             // drop bytes that equal the last recorded ones (kMixed implies it)
};

// Values of LaneRecord::command from here on are no commands.
enum RecordKind : uint16_t {
  kRecordPiece = 0xff00,     // the next piece of the record that started with kFirstPiece
  kRecordBulk = 0xff01,      // a byte range of the next call of this lane that is stored by content hash;
                             // the call's arguments name it by its index among those before it (0, 1, ...)
  kRecordMemory = 0xff02,    // MemoryChange, then the bytes; ticketed; only on the memory lane
  kRecordHole = 0xff03,      // HoleRecord, then UTF-8 text: what could not be recorded, and why
  kRecordMetadata = 0xff04,  // uint32_t MetadataKind, then its bytes
  kRecordContents = 0xff05,  // ContentsRecord, then the bytes; ticketed, before the submit that sees them
  kRecordPayload = 0xff06,   // PayloadRecord: of the next exporting or importing call of this lane; noted
  kRecordOpaque = 0xff07,    // OpaqueRecord, then the values; noted, inside the call that makes the object
  kRecordFirstSpecial = 0xff00,
};

enum MetadataKind : uint32_t {
  kMetadataApplication = 1,  // UTF-8 JSON: VkApplicationInfo of a created instance, layers, extensions
  kMetadataDevice = 2,       // UTF-8 JSON: what the driver said of a physical device, what the program was
                             // shown, what it enabled; one a vkCreateDevice
  kMetadataCapture = 3,      // UTF-8 JSON: settings, memory method, layer version
};

struct LaneRecord {
  uint32_t size;     // payload bytes, without padding
  uint16_t command;  // Command, or a RecordKind
  uint16_t flags;    // RecordFlags
  uint64_t order;
};
static_assert(sizeof(LaneRecord) == 16);

struct MemoryChange {
  uint64_t memory;      // VkDeviceMemory as the program knows it
  uint64_t device;      // its VkDevice
  uint64_t generation;  // counts vkAllocateMemory in this process: drivers reuse handle values
  uint64_t offset;      // bytes from the start of the allocation
  uint64_t size;        // bytes that follow
};

enum class HoleCause : uint32_t {
  kUnknownStruct = 1,    // subject: the sType
  kUntrackedMemory = 2,  // subject: the VkDeviceMemory
  kStalledWriter = 3,
  kScanFailed = 4,
  kUnknownCommand = 5,
};

// What lay in a buffer or in one subresource of an image when the program acquired it from outside: from
// another process or API, through external memory. Followed by `size` bytes; an image's texels are packed as
// vkCmdCopyImageToBuffer writes them with a bufferRowLength of 0.
struct ContentsRecord {
  uint64_t device;       // VkDevice
  uint64_t object;       // VkBuffer or VkImage
  uint32_t object_type;  // VkObjectType
  uint32_t aspect;       // VkImageAspectFlagBits: one bit; 0 for a buffer
  uint32_t mip_level;
  uint32_t array_layer;
  uint32_t layout;                // VkImageLayout from which the program acquires the image
  uint32_t width, height, depth;  // texels of the subresource
  uint64_t offset;                // bytes into the buffer
  uint64_t size;                  // bytes that follow
};

// Which external payload (VkDeviceMemory, VkSemaphore, VkFence) a handle stands for. Handles say too little:
// descriptors are duplicated, closed, and given out again.
struct PayloadRecord {
  uint64_t payload;  // counted from 1 in this process, the same for every handle to it; 0: it came from outside
  uint64_t handle;   // imported: descriptor, HANDLE or pointer, as the program gave it; exported: 0
};

// What an object must be made with to be where it was: its opaque capture address, or a ray-tracing
// pipeline's shader group handles. That there is a record says that the layer made the object with the flag
// for it.
struct OpaqueRecord {
  uint64_t device;       // VkDevice
  uint64_t object;       // VkBuffer, VkDeviceMemory, VkAccelerationStructureKHR or VkPipeline
  uint32_t object_type;  // VkObjectType
  uint32_t values;       // that follow, of equal size: a uint64_t, which may be 0, or a pipeline's handles
};

struct HoleRecord {
  HoleCause cause;
  uint32_t reserved;
  uint64_t subject;
};

inline constexpr size_t kMaxRecordPayload = 64 * 1024;
inline constexpr size_t kBulkThreshold = 1024;  // byte ranges from this size on become kRecordBulk

constexpr size_t padded(size_t payload) { return (payload + 7) & ~size_t{7}; }

}  // namespace reprise
