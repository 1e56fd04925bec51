// What a scrubbed trace says in place of what its sender keeps: "path-1", the same wherever the same stood.
//
// Also counts what was taken, where, with an example that is cut short: nothing of it is in the trace any
// more. Memory: each distinct text once. One thread's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

class Pseudonyms {
 public:
  struct Taken {
    uint64_t times = 0;
    uint64_t distinct = 0;
    std::map<std::string, uint64_t> places;  // "metadata" -> times
    std::string example;
  };

  // "label-3". `kind` is what the report calls it; `place` where it stood.
  std::string replace(std::string_view kind, std::string_view text, std::string_view place);
  void note(std::string_view kind, std::string_view text,
            std::string_view place);  // taken, nothing in its place

  // A word to replace wherever it stands alone in a text: "host", "user".
  void addSecret(std::string_view kind, std::string_view word);
  bool holdsSecret(std::string_view text) const;  // as a word or within one
  // Looks for home directories in a text: the user's name is a secret from then on.
  void learnUsers(std::string_view text);
  // `text` with absolute paths and secrets replaced, those that it tells itself among them.
  std::string scrubbed(std::string_view text, std::string_view place);

  const std::map<std::string, Taken, std::less<>>& taken() const { return taken_; }

 private:
  std::string withoutPaths(std::string_view text, std::string_view place);

  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> names_;
  std::map<std::string, Taken, std::less<>> taken_;
  std::map<std::string, std::string, std::less<>> secrets_;  // word -> kind
};

}  // namespace reprise
