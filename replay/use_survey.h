// Finds, in one reading of a trace, what uses the things that a machine lacks: commands, structs, what
// shaders declare, and the rules of feature_rules.h.
//
// Only calls that a replay would issue count, and of these only what was valid at capture and is not here.
// The devices are the trace's, in the order of their creation; their lacks' uses are filled in. They outlive
// the survey. One thread.
#pragma once

#include <unordered_map>
#include <vector>

#include "format/arena.h"
#include "format/decoder.h"
#include "format/reader.h"
#include "replay/limit_survey.h"
#include "replay/needs.h"
#include "replay/spirv.h"

namespace reprise {

class UseSurvey {
 public:
  explicit UseSurvey(std::vector<JudgedDevice>& devices);

  void see(const Event& event);

 private:
  // Why a command is looked at.
  enum : uint8_t { kLooked = 1, kShaders = 2, kHandles = 4, kNodes = 8, kLimits = 16 };
  struct Reason {
    size_t device = 0;
    size_t lack = 0;
    const FeatureRule* rule = nullptr;  // null: that the command is called is the use
  };
  struct LackingStruct {
    size_t device = 0;
    size_t lack = SIZE_MAX;  // SIZE_MAX: it can be left out
  };

  void addCommands(size_t device);
  void addStructs(size_t device);
  void addFeatures(size_t device);
  void addReason(Command command, Reason reason);
  bool addByExtension(size_t device, size_t lack);
  void addLimits(size_t device);
  void setKinds();

  bool mayHoldNode(std::span<const std::byte> inputs) const;
  void learnHandles(Command canonical, const void* packet);
  size_t deviceOf(const void* packet) const;
  void seeLimits(size_t device, Command canonical, const void* packet, const Event& event);
  void seeNodes(size_t device, const Event& event);
  void seeShaders(size_t device, Command canonical, const void* packet, const Event& event);
  void seeModule(size_t device, const SpirvNeeds& needs, const Event& event);
  void seeAlternatives(size_t device, std::span<const SpirvAlternative> of, const Event& event);
  void use(Lack& lack, std::string_view what, const Event& event);

  std::vector<JudgedDevice>& devices_;
  std::vector<uint8_t> looked_at_;  // by canonical Command
  std::unordered_map<Command, std::vector<Reason>> reasons_;
  std::unordered_map<VkStructureType, std::vector<LackingStruct>> structs_;
  std::unordered_map<uint64_t, size_t> device_of_;  // by VkDevice, VkQueue and VkCommandBuffer
  std::unordered_map<size_t, LimitSurvey> limits_;  // of devices that have stricter ones here
  size_t created_ = 0;
  Arena arena_;
  std::vector<VkStructureType> nodes_;  // of the current call, that are lacking somewhere
};

}  // namespace reprise
