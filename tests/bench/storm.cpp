#include "storm.h"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  storm::Options options;
  CLI::App app("Makes Vulkan calls as fast as it can and prints what one costs.");
  app.require_subcommand(1);
  const auto mode = [&](const char* name, const char* help, void (*run)(const storm::Options&)) {
    CLI::App* command = app.add_subcommand(name, help);
    command->callback([&options, run] { run(options); });
    return command;
  };
  CLI::App* record = mode("record", "record commands, submit nothing", storm::record);
  record->add_option("--threads", options.threads, "threads, each with a command buffer of its own")
      ->check(CLI::Range(1, 256));
  record->add_option("--seconds", options.seconds, "go on for so long, whatever --calls says");
  CLI::App* image = mode("image", "create and destroy images with a pNext chain", storm::image);
  CLI::App* submit = mode("submit", "submit nothing, with a fence and a timeline semaphore", storm::submit);
  CLI::App* descriptors =
      mode("descriptors", "update descriptor sets, directly and by template", storm::descriptors);
  for (CLI::App* counted : {record, image, submit, descriptors})
    counted->add_option("--calls", options.calls, "calls to make, of all threads together");
  CLI::App* map = mode("map", "write to mapped memory, then submit", storm::map);
  map->add_option("--mib", options.mib, "MiB mapped")->check(CLI::Range(1, 65536));
  map->add_option("--mappings", options.mappings, "allocations that share them")->check(CLI::Range(1, 4000));
  map->add_option("--dirty", options.dirty, "pages written before each submit");
  map->add_option("--bytes", options.bytes, "written in each of these pages")->check(CLI::Range(8, 4096));
  map->add_option("--submits", options.submits, "submits")->check(CLI::Range(1, 1000000));
  CLI::App* frames = mode("frames", "what a program does that runs long, a frame a submit", storm::frames);
  frames->add_option("--frames", options.frames, "frames")->check(CLI::Range(1, 10'000'000));
  CLI11_PARSE(app, argc, argv);
}
