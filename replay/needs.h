// What a trace's devices had, what a machine offers them, and what follows: the pure part of the preflight.
//
// A Lack is something that the program enabled and the machine has not. Only what uses it makes it missing;
// see use_survey.h. Of a machine that has nothing (Offer::is_nothing) the lacks are all that the program
// enabled, and their uses all that it used. Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/reader.h"
#include "format/vk_providers.h"
#include "replay/feature_rules.h"
#include "replay/left_out.h"

namespace reprise {

using Names = std::set<std::string, std::less<>>;

// A device of the trace, by its metadata.
struct DescribedDevice {
  std::string name;                     // of its GPU
  std::optional<size_t> index;          // of its GPU
  uint32_t asked_version = 0;           // that the program created its instance for
  uint32_t api_version = 0;             // of instance and device together
  std::vector<std::string> extensions;  // of the device, in the program's order
  Names instance_extensions;
  std::map<std::string, Names> features;                // that it enabled, by struct
  bool has_features = false;                            // the metadata says which
  std::map<std::string, uint64_t, std::less<>> limits;  // of format/vk_limits.h; none in older traces

  bool has(std::string_view provider) const;  // at capture
  bool hasFeature(std::string_view feature) const;
};
std::vector<DescribedDevice> describedDevices(const TraceSummary& summary);

// What the machine's GPU offers such a device.
struct Offer {
  std::string name;
  uint32_t api_version = 0;               // of the program's instance and this GPU together; 0 is 1.0
  Names extensions;                       // of instance and device
  std::map<std::string, Names> features;  // of the structs that the program enabled
  FormatsHere formats;
  std::map<std::string, uint64_t, std::less<>> limits;
  bool is_nothing = false;  // no machine: also what the replay would do itself counts
};
Offer nothing();

// The replay's own affair, see isReplaysOwn().
inline bool hasOwn(std::string_view providers) { return anyProvider(providers, isReplaysOwn); }

struct Use {
  uint64_t calls = 0, first = 0;  // call number of the first
  bool is_need = true;            // a replay has to have what is used; false: it asks, or sees to it itself
};

struct Lack {
  enum Kind { kExtension, kFeature, kVersion, kLimit };
  Kind kind = kExtension;
  std::string name;       // a provider's, the feature's or the limit's
  std::string structure;  // of a feature
  std::string extension;  // of a feature whose struct's extension is lacking
  bool of_instance = false;
  bool can_be_told = false;  // whether the program used it
  std::map<std::string, Use> uses;
};

struct JudgedDevice {
  DescribedDevice described;
  Offer offer;
  std::vector<Lack> lacks;
  std::map<VkStructureType, Use> left_out;  // structs that mean nothing to this machine

  // In the replay: what the program enabled and the machine has.
  bool offers(std::string_view provider) const;
  bool offersFeature(std::string_view feature) const;
  bool offersAny(std::string_view providers) const;
  // The lack that explains why none of the providers is offered; null if the program had none of them either.
  Lack* lackOf(std::string_view providers);
  Lack* lackOfFeature(std::string_view feature);
};
JudgedDevice judged(DescribedDevice described, Offer offer);  // its lacks without their uses

// "vkCmdDrawMultiEXT (64 calls, from call 337 on), ...": at most kMostUsesListed of them.
inline constexpr size_t kMostUsesListed = 100;
std::string usesText(const std::map<std::string, Use>& uses, size_t most = kMostUsesListed);
// Its own uses and, of an extension, those of the features that came with it.
std::map<std::string, Use> allUses(const JudgedDevice& device, const Lack& lack);

// All that is missing, as one sentence and a list; empty if nothing is.
std::string missingText(const std::vector<JudgedDevice>& devices);
// The device's limits that calls of the trace break, and which: undefined behaviour that many drivers stand.
std::vector<std::string> brokenLimits(const std::vector<JudgedDevice>& devices);
// What can be left out, one sentence each.
std::vector<std::string> leftOutTexts(const std::vector<JudgedDevice>& devices);

}  // namespace reprise
