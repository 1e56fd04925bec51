// Finds, in one reading of a trace, what uses the things that a machine lacks: commands, structs, what
// shaders declare, and the rules of feature_rules.h.
//
// Only calls that a replay would issue count, and of these only what was valid at capture and is not here; of
// a machine that has nothing all calls do, and values of enums and flags, too. What is asked of an instance
// or a physical device is then every device's use. The devices are the trace's, in the order of their
// creation; their lacks' uses are filled in. They outlive the survey, and their lists of lacks stay as they
// are. One thread.
#pragma once

#include <unordered_map>
#include <vector>

#include "format/arena.h"
#include "format/decoder.h"
#include "format/flat_map.h"
#include "format/reader.h"
#include "format/vk_values.h"
#include "replay/limit_survey.h"
#include "replay/needs.h"
#include "replay/spirv.h"

namespace reprise {

struct CapturedCall;

class UseSurvey {
 public:
  explicit UseSurvey(std::vector<JudgedDevice>& devices);

  void see(const Event& event);

  // The same for who decodes calls anyway: whether this one has to be, with filter(), and then be shown.
  bool wants(const Event& event);
  const NodeFilter* filter();  // for the next call
  void see(const Event& event, const CapturedCall& call);

  // What the calls so far need of a device's limits; of a machine that has nothing.
  std::map<std::string, uint64_t, std::less<>> neededLimits(size_t device) const;

 private:
  // Why a command is looked at; kCalled: that it is called is all.
  enum : uint8_t {
    kLooked = 1,
    kShaders = 2,
    kHandles = 4,
    kNodes = 8,
    kLimits = 16,
    kCalled = 32,
    kValues = 64
  };
  struct Reason {
    size_t device = 0;
    size_t lack = 0;
    const FeatureRule* rule = nullptr;  // null: that the command is called is the use
  };
  struct LackingStruct {
    size_t device = 0;
    size_t lack = SIZE_MAX;  // SIZE_MAX: it can be left out
  };
  struct LackingValue {
    size_t device = 0, lack = 0;
    const ValueProviders* value = nullptr;
  };
  struct LackingValues {  // of one enum
    uint64_t mask = 0;    // of flags: all of their bits
    std::vector<LackingValue> list;
  };
  // A use that was entered before: no text is made again.
  struct UseKey {
    const void* lack = nullptr;
    uint64_t thing = 0;
    Command command{};
    bool operator==(const UseKey&) const = default;
    uint64_t hash() const {
      const uint64_t mixed = (uint64_t(reinterpret_cast<uintptr_t>(lack)) ^ thing * 0x9e3779b97f4a7c15ull ^
                              uint64_t(command) << 48) *
                             0x9e3779b97f4a7c15ull;
      return mixed ^ mixed >> 32;
    }
  };

  bool judgesNothing() const { return judges_nothing_; }
  bool isNeed(Command canonical) const { return needs_[size_t(canonical)]; }
  void addValues(size_t device);
  void setToldExtensions(size_t device);
  void addCommands(size_t device);
  void addStructs(size_t device);
  void addFeatures(size_t device);
  void addReason(Command command, Reason reason);
  bool addByExtension(size_t device, size_t lack);
  void addLimits(size_t device);
  void setKinds();

  bool mayHoldNode(std::span<const std::byte> inputs) const;
  void learnHandles(Command canonical, const void* packet);
  size_t deviceOf(uint64_t first) const;
  template <class F>
  void eachDevice(Command canonical, const void* packet, F&& f);
  void seeCalled(size_t device, Command canonical, const Event& event);
  void seeValues(size_t device, Command canonical, const Event& event);
  void seeLimits(size_t device, Command canonical, const void* packet, const Event& event);
  void seeNodes(size_t device, Command canonical, const Event& event);
  void seeShaders(size_t device, Command canonical, const void* packet, const Event& event);
  void seeModule(size_t device, const SpirvNeeds& needs, const Event& event);
  void seeAlternatives(size_t device, std::span<const SpirvAlternative> of, const Event& event);
  void use(Lack& lack, std::string_view what, const Event& event, bool is_need = true);
  template <class Text>
  void useAgain(Lack& lack, uint64_t thing, const Event& event, bool is_need, Text&& text);

  std::vector<JudgedDevice>& devices_;
  bool judges_nothing_ = false;
  std::vector<uint8_t> looked_at_;            // by canonical Command
  std::vector<bool> needs_;                   // by canonical Command: a machine must have what it uses
  std::vector<std::vector<Reason>> reasons_;  // likewise
  std::unordered_map<VkStructureType, std::vector<LackingStruct>> structs_;
  std::unordered_map<const EnumInfo*, LackingValues> values_;
  FlatMap<UseKey, Use*> known_uses_;
  std::unordered_map<uint64_t, size_t> device_of_;  // by VkDevice, VkQueue and VkCommandBuffer
  std::unordered_map<size_t, LimitSurvey> limits_;  // of devices that have stricter ones here
  size_t created_ = 0;
  Arena arena_;
  uint8_t kinds_ = 0;  // of the current call
  NodeFilter filter_{};
  std::vector<VkStructureType> nodes_;  // of the current call, that are lacking somewhere
  std::vector<std::pair<const LackingValues*, uint64_t>> found_values_;  // of the current call
};

}  // namespace reprise
