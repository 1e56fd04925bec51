// reprise capture: the command line; capture.cpp does the work.
#include <CLI/CLI.hpp>
#include <memory>

#include "tools/capture.h"
#include "tools/commands.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "CMD and all that follows it is run as it stands; `--` before it is allowed. Every process of the "
    "program\n"
    "that creates a Vulkan device has a file of its own: FILE is CMD's, or the first one's where CMD has "
    "none; the\n"
    "others' are FILE.PID.\n"
    "\n"
    "Exit status: that of the program (128 + n where signal n ended it); 2 wrong argument; 3 FILE cannot be\n"
    "written; 4 the program or the layer cannot be started.\n"
    "\n"
    "Example:\n"
    "  reprise capture -o cube.vkr vkcube --c 300";

}  // namespace

void addCapture(CLI::App& app, Run& run, const std::vector<std::string>& program) {
  CLI::App* verb = app.add_subcommand("capture", "Run a program and record its Vulkan calls in a trace file");
  verb->footer(kFooter);
  auto options = std::make_shared<CaptureOptions>();
  auto arena_mib = std::make_shared<size_t>(options->arena_bytes >> 20);
  verb->add_option("-o,--output", options->output,
                   "The trace file; otherwise named for the program, in this folder")
      ->type_name("FILE");
  verb->add_option("--arena", *arena_mib,
                   "Shared memory between program and writer, in MiB (1 to 65536), 256 unless given")
      ->check(CLI::Range(size_t{1}, size_t{65536}))
      ->option_text("MIB");
  verb->add_option(
          "--memory", options->memory,
          "How changes of mapped memory are found: auto (the default) watches pages shared with the driver, "
          "or "
          "else (beside) pages that the driver's follow at submits and waits; compare copies and compares; "
          "assisted records what the program flushes and nothing else; off records none")
      ->check(CLI::IsMember({"auto", "beside", "compare", "assisted", "off"}))
      ->option_text("METHOD");
  verb->add_option(
          "--addresses", options->addresses,
          "Device addresses: opaque (the default) makes objects so that a replay on the same GPU and driver "
          "can have the very same ones, where the driver offers that; translate leaves objects as the program "
          "asked for them")
      ->check(CLI::IsMember({"opaque", "translate"}))
      ->option_text("WAY");
  verb->add_option("--layer-dir", options->layer_dir,
                   "Where VkLayer_reprise.json is, if not where it was installed")
      ->type_name("DIR");
  auto shown_in_help = std::make_shared<std::string>();  // takeProgram() has taken the program already
  verb->add_option("CMD", *shown_in_help, "The program to run, and its arguments")->type_name("...");
  // How the layer starts its own writer where this program does not run it.
  verb->add_option("--attach-fd", options->attach_fd)->group("");
  verb->callback([&run, &program, options, arena_mib, shown_in_help] {
    if (program.empty() && options->attach_fd < 0) {
      throw CLI::RequiredError("CMD, the program to run,");
    }
    options->command = program;
    options->arena_bytes = *arena_mib << 20;
    run = [options] { return captureMain(*options); };
  });
}

std::vector<std::string> takeProgram(const CLI::App& capture, std::vector<std::string>& arguments) {
  size_t at = 1;
  while (at < arguments.size()) {
    const std::string& word = arguments[at];
    if (word.size() < 2 || word[0] != '-' || word == "--") break;
    const CLI::Option* option = capture.get_option_no_throw(word);
    ++at;
    if (option && option->get_items_expected_min() > 0) ++at;  // its value
  }
  at = std::min(at, arguments.size());
  const size_t skip = at < arguments.size() && arguments[at] == "--" ? 1 : 0;
  std::vector<std::string> program(arguments.begin() + static_cast<ptrdiff_t>(at + skip), arguments.end());
  arguments.resize(at);
  return program;
}

}  // namespace reprise
