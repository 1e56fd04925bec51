#include "tools/capture_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace reprise {
namespace {

namespace fs = std::filesystem;
constexpr const char* kManifest = "VkLayer_reprise.json";
constexpr const char* kLayerName = "VK_LAYER_REPRISE_capture";

// The layer file that the manifest names; empty if it cannot be told.
std::string libraryOf(const fs::path& manifest) {
  std::ifstream file(manifest);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object() || !json.contains("layer") || !json["layer"].is_object()) return {};
  const auto& layer = json["layer"];
  return layer.contains("library_path") && layer["library_path"].is_string()
             ? layer["library_path"].get<std::string>()
             : std::string();
}

Status checkManifest(const fs::path& folder) {
  const fs::path manifest = (folder / kManifest).lexically_normal();
  const std::string library = libraryOf(manifest);
  if (library.empty())
    return {Code::kCannotRun,
            manifest.string() + " is no layer manifest: install Reprise anew, or use --layer-dir"};
  std::error_code error;
  // A bare name is left to the dynamic linker's search.
  if (library.find('/') != std::string::npos && !fs::exists(folder / library, error)) {
    return {Code::kCannotRun, "the layer " + (folder / library).lexically_normal().string() + ", which " +
                                  manifest.string() +
                                  " names, does not exist: install Reprise anew, or use --layer-dir"};
  }
  return {};
}

// `value` before the variable's own, or after it.
std::string joined(const char* name, const std::string& value, bool first) {
  const char* old = getenv(name);
  if (!old || !*old) return value;
  return first ? value + ":" + old : std::string(old) + ":" + value;
}

}  // namespace

Result<std::string> findLayer(const std::string& wish) {
  std::error_code error;
  std::vector<fs::path> folders;
  if (!wish.empty()) {
    folders = {fs::absolute(wish, error)};
  } else {
    const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path();
    folders = {beside / "../share/vulkan/explicit_layer.d", beside / "../capture", beside};
  }
  for (const fs::path& folder : folders) {
    if (!fs::exists(folder / kManifest, error)) continue;
    if (Status status = checkManifest(folder); !status) return status;
    return folder.lexically_normal().string();
  }
  return Status(Code::kCannotRun, "there is no " + std::string(kManifest) + " in " +
                                      folders.front().lexically_normal().string() +
                                      ": install Reprise anew, or name its folder with --layer-dir");
}

Status checkOutput(const std::string& path) {
  std::error_code error;
  const bool existed = fs::exists(path, error);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return {Code::kUnreadable, "the trace file " + path + " cannot be written: " + strerror(errno)};
  close(fd);
  if (!existed) unlink(path.c_str());
  return {};
}

Variables layerEnvironment(const std::string& layer_dir, const std::string& socket_name) {
  Variables variables;
  // Nearest to the program, unless the user has named it behind others. Loaders up to 1.3.239 order layers by
  // the folders that they are found in, later ones by their names.
  const char* layers = getenv("VK_INSTANCE_LAYERS");
  const char* ours = layers ? strstr(layers, kLayerName) : nullptr;
  const bool first = !ours || ours == layers;
  if (!ours) variables.emplace_back("VK_INSTANCE_LAYERS", joined("VK_INSTANCE_LAYERS", kLayerName, true));
  variables.emplace_back("VK_ADD_LAYER_PATH", joined("VK_ADD_LAYER_PATH", layer_dir, first));
  // Where this is set, the loader looks nowhere else.
  if (getenv("VK_LAYER_PATH"))
    variables.emplace_back("VK_LAYER_PATH", joined("VK_LAYER_PATH", layer_dir, first));
  variables.emplace_back("REPRISE_SOCKET", socket_name);
  return variables;
}

Result<pid_t> startProgram(const std::vector<std::string>& command, const Variables& variables,
                           const SignalState& signals) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int failure[2];  // says why exec failed; closes when it succeeds
  if (pipe2(failure, O_CLOEXEC) != 0)
    return Status(Code::kCannotRun, std::string("no pipe: ") + strerror(errno));
  const pid_t child = fork();
  if (child == 0) {
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
    sigaction(SIGPIPE, &signals.pipe, nullptr);
    sigaction(SIGXFSZ, &signals.file_size, nullptr);
    sigprocmask(SIG_SETMASK, &signals.mask, nullptr);
    execvp(arguments[0], arguments.data());
    const int error = errno;
    const ssize_t written = write(failure[1], &error, sizeof error);
    _exit(written == sizeof error ? 127 : 126);
  }
  const int fork_error = errno;
  close(failure[1]);
  int error = child < 0 ? fork_error : 0;
  if (child > 0) {
    ssize_t size;
    do size = read(failure[0], &error, sizeof error);
    while (size < 0 && errno == EINTR);
    if (size == sizeof error) waitpid(child, nullptr, 0);
  }
  close(failure[0]);
  if (error != 0) return Status(Code::kCannotRun, "cannot run " + command[0] + ": " + strerror(error));
  return child;
}

}  // namespace reprise
