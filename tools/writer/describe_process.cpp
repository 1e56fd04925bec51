#include "tools/writer/describe_process.h"

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "format/vk.h"

namespace reprise {
namespace {

std::string readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Arguments with anything but plain characters are quoted as a shell wants them.
std::string commandLine(const std::string& zero_separated) {
  std::string line, word;
  for (char c : zero_separated) {
    if (c != 0) {
      word += c;
      continue;
    }
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char x) {
      return std::isalnum(x) ||
             std::string_view("-_./=:,+@%").find(static_cast<char>(x)) != std::string_view::npos;
    });
    if (!line.empty()) line += ' ';
    if (plain) {
      line += word;
    } else {
      line += '\'';
      for (char x : word) line += x == '\'' ? std::string("'\\''") : std::string(1, x);
      line += '\'';
    }
    word.clear();
  }
  return line;
}

std::string prettyOsName() {
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    line.erase(0, line.find('=') + 1);
    std::erase(line, '"');
    return line;
  }
  return "Linux";
}

}  // namespace

TraceHeaderInfo describeProcess(int pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  TraceHeaderInfo info;
  info.command_line = commandLine(readFile(proc + "/cmdline"));
  std::error_code error;
  info.application = std::filesystem::read_symlink(proc + "/exe", error).filename().string();
  utsname system{};
  uname(&system);
  info.host = std::string(system.nodename) + " (" + system.machine + ")";
  info.os = prettyOsName() + ", Linux " + system.release;
  info.tool_version = "reprise " REPRISE_VERSION;
  const uint32_t registry = registryVersion();
  info.registry_version = std::to_string(VK_API_VERSION_MAJOR(registry)) + "." +
                          std::to_string(VK_API_VERSION_MINOR(registry)) + "." +
                          std::to_string(VK_API_VERSION_PATCH(registry));
  return info;
}

}  // namespace reprise
