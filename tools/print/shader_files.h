// The shaders of a trace as files: each distinct SPIR-V module once, by its contents' hash, and which call
// gave it to the driver for which object.
//
//   DIR/<xxh3-128>.spv        the module
//   DIR/<xxh3-128>.spvasm     the same as text, where the program spirv-dis is found
//   DIR/index.json            {"modules": [...], "uses": [...]}: see ShaderFiles::finish()
//
// Whatever a call holds that begins like SPIR-V is taken for it: shader modules, pipelines' inline ones,
// shader objects, and what later registries add. Memory: a hash a module. One thread's. Errors: what cannot
// be written. Without a finish() that succeeds there is no index.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/status.h"
#include "tools/objects.h"
#include "tools/print/call_printer.h"

namespace reprise {

class ShaderFiles {
 public:
  ~ShaderFiles();
  static Result<std::unique_ptr<ShaderFiles>> create(const std::string& directory);

  // True where the call may hold a module: asked before anything is decoded.
  static bool mayHold(const Event& event);
  // Writes what is new in the call. `objects` has seen it and said `mentions`.
  Status add(const Event& event, const Tree& call, std::span<const Mention> mentions, const Objects& objects);
  // The index's end. A sentence on what was written is in summary().
  Status finish();
  std::string summary() const;

 private:
  ShaderFiles(std::string directory, std::FILE* index) : directory_(std::move(directory)), index_(index) {}
  Status write(const std::string& name, std::string_view code);
  Status writeUse(const Event& event, const std::string& name, const std::string& way,
                  std::span<const Mention> mentions, const Objects& objects);
  void disassemble(const std::string& name);
  void removeIndex() const;
  Status failure(const std::string& path) const;

  struct Module {
    uint64_t size = 0, uses = 0;
    std::string entry_points;  // JSON
  };

  std::string directory_;
  std::FILE* index_;
  std::map<std::string, Module> modules_;  // by file name
  uint64_t uses_ = 0, texts_ = 0;
  bool may_disassemble_ = true;
};

struct EntryPoint {
  std::string stage, name;
};
// What the module's OpEntryPoint instructions say; as much of them as is well formed.
std::vector<EntryPoint> entryPointsOf(std::string_view spirv);

}  // namespace reprise
