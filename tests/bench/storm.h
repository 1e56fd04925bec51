// storm: makes Vulkan calls as fast as it can and times itself. What its modes share.
//
// Each mode prints one line, `storm MODE key=value ...`: times are of the program's own calls alone, without
// set-up. Everything that it makes is valid Vulkan, so that it runs on real drivers and under validation,
// too.
#pragma once

#include <chrono>

#include "app.h"

namespace storm {

struct Options {
  uint32_t threads = 1;
  uint64_t calls = 2'000'000;  // of all threads together
  double seconds = 0;          // record: go on for so long instead
  uint32_t mib = 64;           // mapped
  uint32_t mappings = 1;       // that many allocations share the `mib`
  uint32_t dirty = 256;        // pages written before each submit
  uint32_t bytes = 1024;       // written in each of them
  uint32_t submits = 200;
  uint32_t frames = 20'000;
};

using Clock = std::chrono::steady_clock;

inline double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Repeatable numbers without a pattern (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

// The device's own function, as engines call it: without the loader's trampoline.
template <class Function>
Function find(const app::Gpu& gpu, const char* name) {
  const auto function = reinterpret_cast<Function>(vkGetDeviceProcAddr(gpu.device, name));
  REQUIRE(function);
  return function;
}
#define FIND(gpu, name) const PFN_vk##name name = storm::find<PFN_vk##name>(gpu, "vk" #name)

void record(const Options& options);       // commands into command buffers that nobody submits
void image(const Options& options);        // create and destroy, with a chain of two structs
void submit(const Options& options);       // empty submits: a fence and a timeline semaphore each
void descriptors(const Options& options);  // updates and template updates
void map(const Options& options);          // scattered writes to mapped memory, then a submit
void frames(const Options& options);  // a program that runs long: some of all, and a submit as a frame's end

}  // namespace storm
