#include "tools/print/shader_files.h"

#include <spawn.h>
#include <sys/wait.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "tools/metadata_json.h"

extern char** environ;

namespace reprise {
namespace {

constexpr uint32_t kMagic = 0x07230203;
constexpr size_t kHeaderWords = 5;
constexpr uint32_t kOpEntryPoint = 15;
constexpr uint32_t kOpFunction = 54;  // entry points stand before the first one

uint32_t wordAt(std::string_view bytes, size_t word) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + word * sizeof(value), sizeof(value));
  return value;
}

bool isSpirv(std::string_view bytes) {
  return bytes.size() >= kHeaderWords * sizeof(uint32_t) && bytes.size() % sizeof(uint32_t) == 0 &&
         wordAt(bytes, 0) == kMagic;
}

std::string stageName(uint32_t model) {
  switch (model) {
    case 0:
      return "vertex";
    case 1:
      return "tessellation control";
    case 2:
      return "tessellation evaluation";
    case 3:
      return "geometry";
    case 4:
      return "fragment";
    case 5:
      return "compute";
    case 6:
      return "kernel";
    case 5267:
    case 5364:
      return "task";
    case 5268:
    case 5365:
      return "mesh";
    case 5313:
      return "ray generation";
    case 5314:
      return "intersection";
    case 5315:
      return "any hit";
    case 5316:
      return "closest hit";
    case 5317:
      return "miss";
    case 5318:
      return "callable";
    default:
      return "execution model " + std::to_string(model);
  }
}

std::string hashOf(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  char digits[33];
  std::snprintf(digits, sizeof(digits), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return digits;
}

// f(way, bytes) for each payload or array of numbers in the call; the way is "pStages[0].pNext[1].pCode".
template <class F>
Status forEachPayload(const Tree& tree, size_t first, size_t end, const std::string& way, bool elements,
                      F&& f) {
  size_t index = 0;
  for (size_t i = first; i < end; i = tree.nodes()[i].end, ++index) {
    const Tree::Node& node = tree.nodes()[i];
    std::string here = way;
    if (elements) {
      here += "[" + std::to_string(index) + "]";
    } else {
      here.append(here.empty() ? "" : ".").append(node.name);
    }
    if (node.value.kind == Value::kBytes) {
      if (Status status = f(here, node.value.text); !status) return status;
      continue;
    }
    if (node.kind == Tree::Kind::kLeaf) continue;
    if (Status status = forEachPayload(tree, i + 1, node.end, here, node.kind != Tree::Kind::kObject, f);
        !status)
      return status;
  }
  return Status::ok();
}

}  // namespace

std::vector<EntryPoint> entryPointsOf(std::string_view spirv) {
  std::vector<EntryPoint> found;
  if (!isSpirv(spirv)) return found;
  const size_t words = spirv.size() / sizeof(uint32_t);
  for (size_t at = kHeaderWords; at < words;) {
    const uint32_t head = wordAt(spirv, at);
    const size_t length = head >> 16;
    if (length == 0 || length > words - at || (head & 0xffff) == kOpFunction) break;
    if ((head & 0xffff) == kOpEntryPoint && length > 3) {
      const std::string_view name =
          spirv.substr((at + 3) * sizeof(uint32_t), (length - 3) * sizeof(uint32_t));
      found.push_back({stageName(wordAt(spirv, at + 1)), std::string(name.substr(0, name.find('\0')))});
    }
    at += length;
  }
  return found;
}

Result<std::unique_ptr<ShaderFiles>> ShaderFiles::create(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = directory + "/index.json";
  std::FILE* index = error ? nullptr : std::fopen(path.c_str(), "wb");
  if (index == nullptr) {
    return Status(Code::kUnreadable,
                  "cannot write " + path + ": " + (error ? error.message() : std::strerror(errno)));
  }
  std::fputs("{\"uses\":[", index);
  return std::unique_ptr<ShaderFiles>(new ShaderFiles(directory, index));
}

ShaderFiles::~ShaderFiles() {
  if (index_ == nullptr) return;
  std::fclose(index_);
  removeIndex();
}

// Half an index is no JSON.
void ShaderFiles::removeIndex() const { (void)std::remove((directory_ + "/index.json").c_str()); }

bool ShaderFiles::mayHold(const Event& event) {
  if (event.kind != Event::kCall || commandInfo(event.command).is_cmd) return false;
  const auto* magic = reinterpret_cast<const std::byte*>(&kMagic);
  const auto holds = [&](std::span<const std::byte> bytes) {
    return std::search(bytes.begin(), bytes.end(), magic, magic + sizeof(kMagic)) != bytes.end();
  };
  const auto begins = [&](std::span<const std::byte> bytes) {
    return bytes.size() >= sizeof(kMagic) && std::memcmp(bytes.data(), magic, sizeof(kMagic)) == 0;
  };
  return std::any_of(event.input_bulks.begin(), event.input_bulks.end(), begins) || holds(event.inputs);
}

Status ShaderFiles::add(const Event& event, const Tree& call, std::span<const Mention> mentions,
                        const Objects& objects) {
  return forEachPayload(call, 0, call.nodes().size(), "", false,
                        [&](const std::string& way, std::string_view bytes) -> Status {
                          if (!isSpirv(bytes)) return Status::ok();
                          const std::string name = hashOf(bytes) + ".spv";
                          Module& module = modules_[name];
                          if (module.uses++ == 0) {
                            module.size = bytes.size();
                            if (Status status = write(name, bytes); !status) return status;
                            Json points = Json::array();
                            for (const EntryPoint& one : entryPointsOf(bytes))
                              points.push_back({{"stage", one.stage}, {"name", one.name}});
                            module.entry_points = jsonText(points);
                          }
                          return writeUse(event, name, way, mentions, objects);
                        });
}

Status ShaderFiles::write(const std::string& name, std::string_view code) {
  const std::string path = directory_ + "/" + name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool written = file != nullptr && std::fwrite(code.data(), 1, code.size(), file) == code.size();
  if (file) written = std::fclose(file) == 0 && written;
  if (!written) return failure(path);
  disassemble(name);
  return Status::ok();
}

// No text is no failure: the program need not be there, and the module may be broken.
void ShaderFiles::disassemble(const std::string& name) {
  if (!may_disassemble_) return;
  const std::string source = directory_ + "/" + name;
  const std::string text = source + "asm";
  const char* command[] = {"spirv-dis", "--no-color", "-o", text.c_str(), source.c_str(), nullptr};
  pid_t pid = 0;
  if (::posix_spawnp(&pid, command[0], nullptr, nullptr, const_cast<char**>(command), environ) != 0) {
    may_disassemble_ = false;
    return;
  }
  int state = 0;
  while (::waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) ++texts_;
}

Status ShaderFiles::writeUse(const Event& event, const std::string& name, const std::string& way,
                             std::span<const Mention> mentions, const Objects& objects) {
  Json use = {{"file", name},         {"call", event.call_number},     {"frame", event.frame},
              {"thread", event.lane}, {"command", event.command_name}, {"member", way}};
  Json& made = use["objects"] = Json::array();
  for (const Mention& mention : mentions) {
    if (mention.role != Mention::kMade || mention.object.number == 0) continue;
    std::string value;
    appendHex(value, mention.value);
    Json object = {{"object", textOf(mention.object)}, {"handle", value}};
    if (const auto debug_name = objects.debugName(mention.object); !debug_name.empty())
      object["name"] = debug_name;
    made.push_back(std::move(object));
  }
  const std::string text = (uses_++ == 0 ? "\n" : ",\n") + jsonText(use);
  return std::fputs(text.c_str(), index_) < 0 ? failure(directory_ + "/index.json") : Status::ok();
}

Status ShaderFiles::finish() {
  bool written = std::fputs("\n],\n\"modules\":[", index_) >= 0;
  const char* separator = "\n";
  for (const auto& [name, module] : modules_) {
    const std::string text =
        separator + std::string("{\"file\":\"") + name + "\",\"size\":" + std::to_string(module.size) +
        ",\"uses\":" + std::to_string(module.uses) + ",\"entry_points\":" + module.entry_points + "}";
    separator = ",\n";
    written = std::fputs(text.c_str(), index_) >= 0 && written;
  }
  written = std::fputs("\n]}\n", index_) >= 0 && written;
  written = std::fclose(std::exchange(index_, nullptr)) == 0 && written;
  if (written) return Status::ok();
  Status status = failure(directory_ + "/index.json");
  removeIndex();
  return status;
}

std::string ShaderFiles::summary() const {
  std::string text = std::to_string(modules_.size()) + (modules_.size() == 1 ? " module" : " modules") +
                     " in " + std::to_string(uses_) + (uses_ == 1 ? " place" : " places") + ", written to " +
                     directory_;
  if (!modules_.empty())
    text += may_disassemble_ ? "; " + std::to_string(texts_) + " of them also as text"
                             : "; for their text, install spirv-tools (spirv-dis was not found)";
  return text;
}

Status ShaderFiles::failure(const std::string& path) const {
  return {Code::kUnreadable, "cannot write " + path + ": " + std::strerror(errno)};
}

}  // namespace reprise
