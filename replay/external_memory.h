// External memory of images, buffers and allocations: read, ask the target, decide, rewrite, report.
//
// A captured object names the handle types that its memory may be shared by, in core or in NV form. Each is
// kept where the target can do it for this very object, else converted along the table of handle_types.cpp,
// else dropped: the object then has ordinary memory. The rewritten chain names one form only
// (VUID-VkImageCreateInfo-pNext-00988), compatible types only (-00990, -00991) and, where a type is left, an
// UNDEFINED initialLayout (-01443). Each decision goes into the report.
// One a Player, one thread. Create infos are decoded ones, rewritten in place; new nodes are of the arena.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "format/vk.h"
#include "format/flat_map.h"
#include "replay/handle_types.h"
#include "replay/player.h"

namespace reprise {

class Player;

// What became of the handle types of a live image or buffer.
struct ExternalTraits {
  HandleTypeBits types = 0;     // those that it has now
  bool nv_form = false;         // said by the NV struct
  bool modifier = false;        // it has a DRM format modifier
  bool dedicated_only = false;  // the target wants a dedicated allocation for one of them
  std::vector<std::pair<HandleTypeBit, HandleTypeBit>> became;  // captured type -> live type, 0: dropped
};

using SharedTraits = std::shared_ptr<const ExternalTraits>;  // null: ordinary memory only

// All that a decision about an object's handle types follows from, as bytes.
using DecisionKey = std::string;
struct DecisionKeyHash {
  size_t operator()(const DecisionKey& key) const {
    constexpr uint64_t kFactor = 0x9e3779b97f4a7c15ull;
    uint64_t hash = key.size();
    uint64_t word = 0;
    size_t at = 0;
    for (; at + sizeof word <= key.size(); at += sizeof word) {
      std::memcpy(&word, key.data() + at, sizeof word);
      hash = (hash ^ word ^ (hash >> 32)) * kFactor;
    }
    for (; at < key.size(); ++at) hash = (hash ^ static_cast<unsigned char>(key[at])) * kFactor;
    return hash ^ (hash >> 32);
  }
};
// What was decided, and what the report says of it.
struct ExternalDecision {
  struct Entry {
    HandleTypeBit from = 0, to = 0;
    ObjectChange::Action action = ObjectChange::kKept;
    std::string reason, answers;
    std::optional<size_t> fate;       // once it was reported
    HandleTypeBit* latest = nullptr;  // the entry of `from` in ExternalObjects::latest
  };
  SharedTraits traits;
  std::vector<Entry> entries;
};

// A device's live objects that have external handle types, and what was decided for their like.
struct ExternalObjects {
  struct LiveHandle {
    uint64_t value = 0;
    bool operator==(const LiveHandle&) const = default;
    uint64_t hash() const { return value * 0x9e3779b97f4a7c15ull; }
  };
  using Traits = FlatMap<LiveHandle, SharedTraits>;
  Traits& of(HandleKind kind) { return kind == HandleKind::kVkImage ? images : buffers; }

  Traits images, buffers;
  std::unordered_map<DecisionKey, ExternalDecision, DecisionKeyHash> decisions;
  FlatMap<LiveHandle, std::optional<bool>>
      unknown_nodes;  // by sType: of extensions that the program had, this device has not
  std::unordered_map<HandleTypeBit, HandleTypeBit> latest;  // captured type -> what it last became
};

// What an allocation of the trace imported, taken out of its chain.
struct CapturedImport {
  HandleTypeBit type = 0;           // 0: nothing
  const char* structure = nullptr;  // "VkImportMemoryFdInfoKHR"
  uint64_t handle = 0;              // descriptor, HANDLE or pointer of the captured process
  std::u16string name;              // instead of a HANDLE
  bool consumed = false;            // the import takes the handle away from the program
};

class ExternalMemory {
 public:
  explicit ExternalMemory(Player& player) : player_(player) {}

  // Before the driver's call; `captured` is the object's handle in the trace, for the report.
  SharedTraits adaptImage(VkImageCreateInfo& info, uint64_t captured);
  SharedTraits adaptBuffer(VkBufferCreateInfo& info, uint64_t captured);
  // An implementation-defined format of Android's (VkExternalFormatANDROID) becomes one of Vulkan's; images,
  // their views, and YCbCr conversions.
  // True if there was an external format to replace.
  bool adaptFormat(const char* kind, uint64_t captured, const void*& next, VkFormat& format);
  void adaptChroma(VkSamplerYcbcrConversionCreateInfo& info) const;  // to what the stand-in format can do
  bool convertsYcbcr() const;  // the stand-in format needs a conversion, and this device can do it
  // After it, for every image and buffer: live handle values are given out again.
  void remember(HandleKind kind, uint64_t live, SharedTraits traits);
  void forget(HandleKind kind, uint64_t captured);  // it is about to be destroyed
  const ExternalTraits& traitsOf(HandleKind kind,
                                 uint64_t live) const;  // valid until the next remember() or forget()

  // Takes an import out of an allocation's chain.
  static CapturedImport takeImport(const void*& next);
  // The name under which an allocation of the trace is exported, taken out of its chain; empty if none.
  std::u16string takeExportName(const void*& next);
  // Rewrites an allocation's export; the types that it has now. `dedicated` is its resource, if it has one.
  HandleTypeBits adaptExport(const void*& next, const ExternalTraits* dedicated, uint64_t captured);
  bool hasModifier(uint64_t live_image) const;  // the image kept its DRM format modifier
  // What an imported type is called on the target; 0 if it cannot be had.
  HandleTypeBit liveType(HandleTypeBit captured) const;

  // vkGetPhysicalDeviceExternalImageFormatPropertiesNV where this machine has none: from the table, and
  // listed.
  void answerNvQuery(VkExternalMemoryHandleTypeFlagsNV types);

  // Takes nodes out of extensions that the program had and this device has not.
  void dropUnknownNodes(const void*& next, const char* kind, uint64_t captured);

  // Takes out what names objects of another API: Metal's, Fuchsia's buffer collections, capture addresses.
  void dropForeignNodes(const void*& next, const char* kind, uint64_t captured);

  // The number is that of Player::changed().
  size_t report(const char* kind, uint64_t captured, const char* structure, std::string from, std::string to,
                ObjectChange::Action action, std::string reason, std::string target);

 private:
  struct Answer {
    VkResult result = VK_ERROR_FORMAT_NOT_SUPPORTED;
    VkExternalMemoryFeatureFlags features = 0;
    HandleTypeBits compatible = 0;
    std::string limit;  // what of the object is beyond the target's limits, if anything
    bool yes() const { return result == VK_SUCCESS && features != 0 && limit.empty(); }
    std::string text() const;
  };
  using Ask = std::function<Answer(HandleTypeBit, bool nv_form)>;
  struct Subject {  // of a report
    const char* kind;
    uint64_t captured;
    const char* structure;
  };

  Answer askImage(const VkImageCreateInfo& info, HandleTypeBit type, bool nv_form) const;
  Answer askBuffer(const VkBufferCreateInfo& info, HandleTypeBit type) const;
  // foreign_images.cpp
  bool knowsModifier(const VkImageCreateInfo& info, uint64_t modifier) const;
  void adaptModifiers(VkImageCreateInfo& info, uint64_t captured);
  VkFormat standInFormat() const;

  bool hasCoreForm() const;
  bool hasNvForm() const;
  struct Row {  // of the report, for one handle type
    HandleTypeBit from = 0, to = 0;
    std::string reason, answers;
  };
  void describe(const VkImageCreateInfo& info, DecisionKey& key) const;
  void describe(const VkBufferCreateInfo& info, DecisionKey& key) const;
  // `key_` says what of the object was looked at.
  SharedTraits decide(HandleTypeBits captured, HandleTypeBits in_nv_form, const Subject& subject,
                      const Ask& ask);
  ExternalDecision decideAnew(HandleTypeBits captured, HandleTypeBits in_nv_form, const Ask& ask) const;
  Row decideOne(HandleTypeBit from, ExternalTraits& traits, const Ask& ask) const;
  void keepCompatible(std::vector<Row>& rows, ExternalTraits& traits, const Ask& ask) const;
  bool isUnknownNode(VkStructureType type) const;

  Player& player_;
  DecisionKey key_;  // of the object at hand, kept for its memory
};

}  // namespace reprise
