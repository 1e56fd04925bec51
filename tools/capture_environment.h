// What must be right before a program is run under the layer, and the running of it.
//
// One thread, before there are others. Errors: a Status with one sentence.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "format/status.h"

namespace reprise {

// The folder with VkLayer_reprise.json, whose layer file exists: `wish`, or beside this executable.
Result<std::string> findLayer(const std::string& wish);

// That a trace can be written at `path`; leaves no file behind.
Status checkOutput(const std::string& path);

using Variables = std::vector<std::pair<std::string, std::string>>;

// Switches the layer on, ahead of the layers and folders that the environment already names.
Variables layerEnvironment(const std::string& layer_dir, const std::string& socket_name);

// What this process changed of its own signal handling, and the program must not inherit.
struct SignalState {
  sigset_t mask{};
  struct sigaction pipe {
  }, file_size{};
};

// Runs the program; its exec has succeeded when this returns a process id.
Result<pid_t> startProgram(const std::vector<std::string>& command, const Variables& variables,
                           const SignalState& signals);

}  // namespace reprise
