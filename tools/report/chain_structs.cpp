#include "tools/report/chain_structs.h"

#include <algorithm>
#include <type_traits>

#include "format/call_halves.h"

namespace reprise {
namespace {

// Visits a packet of zeros: says whether a parameter points to structs that have a chain. Structs without one
// contain none that have.
class ChainProbe : public VisitorBase {
 public:
  bool found = false;

  void structure(VkStructureType, const char*, VkStructureType&, void*&) {}
  template <class T>
  void node(T&) {}
  template <class T>
  void scalar(const Field&, T&) {}
  template <class T>
  void handle(const Field&, T&) {}
  void objectHandle(const Field&, uint64_t&, VkObjectType) {}
  template <class T>
  void opaque(const Field&, T&) {}
  template <class T>
  void fixed(const Field&, T*, size_t) {}
  void text(const Field&, char*, size_t) {}
  template <class T>
  void record(const Field&, T&) {
    probe<T>();
  }
  template <class T>
  void pointer(const Field&, T*&) {
    probe<T>();
  }
  template <class T>
  void array(const Field&, T*&, size_t) {
    probe<T>();
  }
  template <class T>
  void pointers(const Field&, T**&, size_t) {
    probe<T>();
  }
  template <class T, class Inner>
  void jagged(const Field&, T**&, size_t, Inner) {
    probe<T>();
  }
  template <class T>
  void string(const Field&, T&) {}
  template <class T>
  void wstring(const Field&, T&) {}
  template <class T>
  void strings(const Field&, T&, size_t) {}
  template <class T>
  void bytes(const Field&, T&, size_t) {}
  void ignored(const Field&, size_t = 0) {}
  template <class T>
  void outPointer(const Field&, T*&) {
    probe<T>();
  }
  template <class T>
  void outArray(const Field&, T*&, size_t) {
    probe<T>();
  }
  template <class T>
  void outBytes(const Field&, T&, size_t) {}
  template <class T>
  void countPointer(const Field&, T&, bool) {}
  template <class T>
  bool result(const Field&, const T&, bool) {
    return true;
  }

 private:
  template <class T>
  void probe() {
    if constexpr (requires(T value) { value.pNext; }) found = true;
  }
};

}  // namespace

ChainStructs::ChainStructs() : may_have_(kCommandCount, false) {
  for (size_t i = 1; i < kCommandCount; ++i) {
    (void)withPacket(Command(i), [&](auto& packet) {
      packet = {};
      ChainProbe probe;
      visit(probe, packet);
      may_have_[i] = probe.found;
    });
  }
}

const std::vector<VkStructureType>& ChainStructs::of(const Event& call) {
  structs_.clear();
  if (!may_have_[size_t(call.command)]) return structs_;
  arena_.reset();
  const auto keep = [](void* self, VkStructureType type) {
    auto& structs = static_cast<ChainStructs*>(self)->structs_;
    if (std::find(structs.begin(), structs.end(), type) == structs.end()) structs.push_back(type);
    return true;
  };
  const NodeFilter filter{keep, this};
  (void)withPacket(call.command, [&](auto& packet) {
    (void)decodeInputs(call.inputs, call.input_bulks, arena_, packet, nullptr, Holes::kLeaveOut, &filter);
  });
  return structs_;
}

}  // namespace reprise
