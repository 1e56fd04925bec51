// What the answers of the target and the program's own words lead to.
//
// A program makes many objects that differ in nothing that matters here: what was decided for one holds for
// the next, without asking the driver again or putting the words of the report together again.
#include <algorithm>
#include <cstring>

#include "replay/chains.h"
#include "replay/external_memory.h"
#include "replay/session.h"

namespace reprise {
namespace {

constexpr ExternalObject kMemory = ExternalObject::kMemory;
constexpr size_t kMaxDecisions = 1024;  // of a device; beyond it all are made anew

template <class T>
void append(DecisionKey& key, const T& value) {
  static_assert(std::has_unique_object_representations_v<T>);
  key.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void appendArray(DecisionKey& key, const T* values, uint32_t count) {
  append(key, count);
  if (values) key.append(reinterpret_cast<const char*>(values), sizeof(T) * count);
}

}  // namespace

// The first way that the target can go, from keeping the type on.
ExternalMemory::Row ExternalMemory::decideOne(HandleTypeBit from, ExternalTraits& traits,
                                              const Ask& ask) const {
  Row row{from, 0, "", ""};
  std::vector<Preference> ways{{from, ""}};
  const auto& forced = player_.options().remap.forced;
  const auto rule = forced.find(from);
  if (rule != forced.end()) {
    ways.clear();
    if (rule->second) ways.push_back({rule->second, "asked for by --remap"});
  } else {
    for (const Preference& way : preferences(kMemory, from)) ways.push_back(way);
  }
  for (const Preference& way : ways) {
    if (!hasCoreForm() && !traits.nv_form) break;
    if (traits.nv_form && !nvFromCore(way.to)) continue;
    const Answer answer = ask(way.to, traits.nv_form);
    row.answers += (row.answers.empty() ? "" : "; ") + handleTypeName(kMemory, way.to) + ": " + answer.text();
    if (!answer.yes()) continue;
    row.to = way.to;
    row.reason = way.reason;
    // On the device of the capture the program's own way worked.
    if ((answer.features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT) &&
        !(way.to == from && player_.sameGpu()))
      traits.dedicated_only = true;
    return row;
  }
  row.reason = rule == forced.end() ? "this device has nothing that could stand for it: ordinary memory"
               : rule->second == 0  ? "asked for by --remap"
                                    : "--remap asks for what this device cannot do";
  if (row.answers.empty()) row.answers = "not asked";
  return row;
}

// All that askImage() looks at.
void ExternalMemory::describe(const VkImageCreateInfo& info, DecisionKey& key) const {
  const uint32_t words[] = {info.flags,
                            uint32_t(info.imageType),
                            uint32_t(info.format),
                            info.extent.width,
                            info.extent.height,
                            info.extent.depth,
                            info.mipLevels,
                            info.arrayLayers,
                            uint32_t(info.samples),
                            uint32_t(info.tiling),
                            info.usage,
                            uint32_t(info.sharingMode)};
  append(key, words);
  appendArray(key, info.pQueueFamilyIndices, info.queueFamilyIndexCount);
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    append(key, node->sType);
    if (node->sType == VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO) {
      const auto& list = *reinterpret_cast<const VkImageFormatListCreateInfo*>(node);
      appendArray(key, list.pViewFormats, list.viewFormatCount);
    } else if (node->sType == VK_STRUCTURE_TYPE_IMAGE_STENCIL_USAGE_CREATE_INFO) {
      append(key, reinterpret_cast<const VkImageStencilUsageCreateInfo*>(node)->stencilUsage);
    } else if (node->sType == VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT) {
      append(key,
             reinterpret_cast<const VkImageDrmFormatModifierExplicitCreateInfoEXT*>(node)->drmFormatModifier);
    } else if (node->sType == VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT) {
      const auto& list = *reinterpret_cast<const VkImageDrmFormatModifierListCreateInfoEXT*>(node);
      appendArray(key, list.pDrmFormatModifiers, list.drmFormatModifierCount);
    }
  }
}

void ExternalMemory::describe(const VkBufferCreateInfo& info, DecisionKey& key) const {
  append(key, info.flags);
  append(key, info.usage);
}

SharedTraits ExternalMemory::decide(HandleTypeBits captured, HandleTypeBits in_nv_form,
                                    const Subject& subject, const Ask& ask) {
  ExternalObjects& external = player_.device()->external;
  const uint32_t words[] = {captured, in_nv_form, player_.sameGpu()};
  append(key_, words);
  auto found = external.decisions.find(key_);
  if (found == external.decisions.end()) {
    if (external.decisions.size() >= kMaxDecisions) external.decisions.clear();
    found = external.decisions.emplace(key_, decideAnew(captured, in_nv_form, ask)).first;
  }
  ExternalDecision& decision = found->second;
  for (ExternalDecision::Entry& entry : decision.entries) {
    HandleTypeBit& latest = entry.latest ? *entry.latest : external.latest[entry.from];
    entry.latest = &latest;
    if (entry.to || !latest)
      latest = entry.to;  // one object that cannot be shared says nothing of the others
    if (entry.fate && player_.changedAlike(*entry.fate)) continue;
    entry.fate =
        report(subject.kind, subject.captured, subject.structure, handleTypeName(kMemory, entry.from),
               entry.to ? handleTypeName(kMemory, entry.to) : "", entry.action, entry.reason, entry.answers);
  }
  return decision.traits;
}

ExternalDecision ExternalMemory::decideAnew(HandleTypeBits captured, HandleTypeBits in_nv_form,
                                            const Ask& ask) const {
  ExternalTraits traits;
  std::vector<Row> rows;
  const auto all = [&](bool nv_form) {
    traits = {};
    traits.nv_form = nv_form;
    rows.clear();
    for (const HandleTypeBit from : bitsOf(captured)) rows.push_back(decideOne(from, traits, ask));
  };
  // The NV form is kept where it carries what all types become; the core form knows more of them.
  const bool may_keep_nv = hasNvForm() && in_nv_form == captured;
  all(may_keep_nv || (hasNvForm() && !hasCoreForm()));
  const bool all_kept =
      std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.to == row.from; });
  if (may_keep_nv && !all_kept && hasCoreForm()) all(false);
  for (const Row& row : rows) traits.types |= row.to;
  keepCompatible(rows, traits, ask);
  if (may_keep_nv && coreFromNv(nvFromCore(traits.types)) == traits.types) traits.nv_form = true;
  ExternalDecision decision;
  for (Row& row : rows) {
    traits.became.emplace_back(row.from, row.to);
    const bool form_differs = (in_nv_form & row.from) && !traits.nv_form;
    if (row.to == row.from && form_differs)
      row.reason = hasNvForm() ? "the core form, which has room for all of its types"
                               : "the core form: this device has no VK_NV_external_memory";
    const ObjectChange::Action action = row.to == 0                          ? ObjectChange::kDropped
                                        : row.to != row.from || form_differs ? ObjectChange::kConverted
                                                                             : ObjectChange::kKept;
    decision.entries.push_back(
        {row.from, row.to, action, std::move(row.reason), std::move(row.answers), {}, nullptr});
  }
  decision.traits = std::make_shared<const ExternalTraits>(std::move(traits));
  return decision;
}

// VUID-VkImageCreateInfo-pNext-00990 and -00991: all types of one object are compatible with each other.
void ExternalMemory::keepCompatible(std::vector<Row>& rows, ExternalTraits& traits, const Ask& ask) const {
  const std::vector<HandleTypeBit> types = bitsOf(traits.types);
  if (types.size() < 2) return;
  // The program's own words to this very device are left as they were.
  const bool unchanged =
      std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.to == row.from; });
  if (unchanged && player_.sameGpu()) return;
  HandleTypeBits kept = 0;
  HandleTypeBits allowed = ~0u;
  for (const HandleTypeBit type : types) {
    const HandleTypeBits compatible = ask(type, traits.nv_form).compatible | type;
    if (!(allowed & type) || (compatible & kept) != kept) continue;
    kept |= type;
    allowed &= compatible;
  }
  for (Row& row : rows) {
    if (row.to == 0 || (kept & row.to)) continue;
    row.reason = handleTypeName(kMemory, row.to) + " is not compatible with " +
                 handleTypeNames(kMemory, kept) + " here";
    row.to = 0;
  }
  traits.types = kept;
}

}  // namespace reprise
