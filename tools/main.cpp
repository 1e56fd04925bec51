// The `reprise` program: finds the verb, reports a wrong argument, runs the verb.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "format/status.h"
#include "format/vk.h"
#include "tools/commands.h"
#include "tools/log.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "Exit status: 0 done, or replayed identically; 1 replayed with differences; 2 wrong argument;\n"
    "3 a file cannot be read or written; 4 this machine cannot run it; 5 the captured failure did not "
    "recur.\n"
    "`reprise capture` ends with the exit status of the program.\n"
    "\n"
    "Example:\n"
    "  reprise capture -o cube.vkr vkcube --c 300\n"
    "  reprise replay cube.vkr\n"
    "  reprise dump cube.vkr --frames 0-1 | less";

int usageError(const std::string& message, const std::string& verb) {
  REPRISE_LOG(error, "{}; see `reprise {}--help`", message, verb.empty() ? "" : verb + " ");
  return static_cast<int>(Code::kUsage);
}

// "--format, --frames, --output": every option of `app`, for the message about one that it does not have.
std::string optionNames(const CLI::App& app) {
  std::string names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || option->get_lnames().empty()) continue;
    names += (names.empty() ? "--" : ", --") + option->get_lnames().front();
  }
  return names;
}

CLI::App* findVerb(CLI::App& app, const std::string& name) {
  for (CLI::App* verb : app.get_subcommands(nullptr)) {
    if (verb->get_name() == name) return verb;
  }
  return nullptr;
}

std::string verbNames(CLI::App& app) {
  std::string names;
  for (const CLI::App* verb : app.get_subcommands(nullptr))
    names += (names.empty() ? "" : ", ") + verb->get_name();
  return names;
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& verb = chosen.empty() ? app : *chosen.front();
  std::string message = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) message += "; the options are " + optionNames(verb);
  while (!message.empty() && (message.back() == '\n' || message.back() == '.')) message.pop_back();
  return message;
}

std::string versionText() {
  const uint32_t registry = registryVersion();
  return "reprise " REPRISE_VERSION " (Vulkan registry " + std::to_string(VK_API_VERSION_MAJOR(registry)) +
         "." + std::to_string(VK_API_VERSION_MINOR(registry)) + "." +
         std::to_string(VK_API_VERSION_PATCH(registry)) + ")";
}

int run(std::vector<std::string> arguments) {
  CLI::App app("Reprise records what a Vulkan program asks of the driver, plays it back, and shows it.",
               "reprise");
  app.set_version_flag("--version", versionText());
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  Run run_verb;
  std::vector<std::string> program;
  addCapture(app, run_verb, program);
  addReplay(app, run_verb);
  addDump(app, run_verb);
  addInfo(app, run_verb);
  addCheck(app, run_verb);
  addReport(app, run_verb);
  addExport(app, run_verb);
  addImport(app, run_verb);
  addScrub(app, run_verb);
  addDiff(app, run_verb);
  addManual(app, run_verb);

  const std::string verb = arguments.empty() ? "" : arguments.front();
  const CLI::App* known = findVerb(app, verb);
  if (!known && (verb.empty() || verb.front() != '-')) {
    const std::string found = verb.empty() ? "no command given" : "no command is named \"" + verb + "\"";
    return usageError(found + "; the commands are " + verbNames(app), "");
  }
  if (verb == "capture") program = takeProgram(*known, arguments);
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(arguments);
  } catch (const CLI::Success& help) {  // --help and --version
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return usageError(explain(app, error), known ? verb : "");
  }
  return run_verb();
}

// What was said counts once it is written. A reader that has left, as `head` does, has what it wanted.
int whenWritten(int status) {
  errno = 0;
  if ((std::fflush(stdout) == 0 && std::ferror(stdout) == 0) || errno == EPIPE) return status;
  if (status != 0 && status != static_cast<int>(Code::kDiffers) && status != kExitNothingRan)
    return status;  // of which was told
  REPRISE_LOG(error, "cannot write standard output: {}",
              errno != 0 ? std::strerror(errno) : "an earlier part is lost");
  return static_cast<int>(Code::kUnreadable);
}

}  // namespace
}  // namespace reprise

int main(int argc, char** argv) {
  reprise::startLog();
  return reprise::whenWritten(reprise::run({argv + 1, argv + argc}));
}
