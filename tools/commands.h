// The verbs of the `reprise` program, one file each.
//
// Each function adds its verb to the command line; where the command line chose it, `run` becomes what main()
// calls, and its value is the exit status of the program:
//   0 done, or replayed identically    1 replayed with differences    2 a wrong argument
//   3 a file that cannot be read or written    4 this machine cannot run it    5 the captured failure did not
//   recur    77 nothing could run
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace reprise {

using Run = std::function<int()>;

inline constexpr int kExitNotReproduced = 5;
inline constexpr int kExitNothingRan = 77;

void addCapture(CLI::App& app, Run& run, const std::vector<std::string>& program);  // capture_command.cpp
void addReplay(CLI::App& app, Run& run);                                            // replay.cpp
void addDump(CLI::App& app, Run& run);                                              // dump.cpp
void addInfo(CLI::App& app, Run& run);                                              // info.cpp
void addCheck(CLI::App& app, Run& run);                                             // check.cpp
void addReport(CLI::App& app, Run& run);                                            // report.cpp
void addExport(CLI::App& app, Run& run);                                            // export.cpp
void addImport(CLI::App& app, Run& run);                                            // import.cpp
void addScrub(CLI::App& app, Run& run);                                             // scrub.cpp
void addDiff(CLI::App& app, Run& run);                                              // diff.cpp
void addManual(CLI::App& app, Run& run);                                            // manual.cpp

// Moves the traced program and its arguments from the end of `arguments` (which starts with "capture"): what
// follows `--`, or starts at the first word that is neither an option of the verb `capture` nor its value.
// The program's own options are none of ours, whatever their names.
std::vector<std::string> takeProgram(const CLI::App& capture, std::vector<std::string>& arguments);

}  // namespace reprise
