#include "tools/pseudonyms.h"

#include <algorithm>

namespace reprise {
namespace {

constexpr size_t kExample = 24;      // characters of an example
constexpr size_t kShortestWord = 3;  // a shorter one would be found in everything

bool isWord(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

bool startsWord(std::string_view text, size_t at) { return at == 0 || !isWord(text[at - 1]); }

// A path may start behind these, and ends before them.
bool isBoundary(char c) {
  return std::string_view(" \t\r\n\"'`=,;:|<>()[]{}").find(c) != std::string_view::npos;
}

// Bytes of the absolute path that starts at `at`; 0: none does.
size_t pathAt(std::string_view text, size_t at) {
  if (at > 0 && !isBoundary(text[at - 1])) return 0;
  std::string_view rest = text.substr(at);
  size_t root = 0;
  if (rest.starts_with("/") || rest.starts_with("~/"))
    root = rest.find('/') + 1;
  else if (rest.size() > 3 && isWord(rest[0]) && rest[1] == ':' && (rest[2] == '\\' || rest[2] == '/'))
    root = 3;
  else if (rest.starts_with("\\\\"))
    root = 2;
  if (root == 0 || root >= rest.size() || !(isWord(rest[root]) || rest[root] == '.')) {
    // file:///home/x: two more slashes before the root
    if (!rest.starts_with("///") || rest.size() < 4 || !isWord(rest[3])) return 0;
    root = 3;
  }
  const auto end = std::find_if(rest.begin() + std::ptrdiff_t(root), rest.end(), isBoundary);
  return static_cast<size_t>(end - rest.begin());
}

}  // namespace

void Pseudonyms::note(std::string_view kind, std::string_view text, std::string_view place) {
  auto found = taken_.find(kind);
  if (found == taken_.end()) found = taken_.emplace(kind, Taken()).first;
  Taken& taken = found->second;
  ++taken.times;
  ++taken.places[std::string(place)];
  if (taken.example.empty())
    taken.example = std::string(text.substr(0, kExample)) + (text.size() > kExample ? "..." : "");
}

std::string Pseudonyms::replace(std::string_view kind, std::string_view text, std::string_view place) {
  if (text.empty()) return {};
  note(kind, text, place);
  auto& names = names_[std::string(kind)];
  auto found = names.find(text);
  if (found == names.end()) {
    found = names.emplace(text, std::string(kind) + "-" + std::to_string(names.size() + 1)).first;
    ++taken_.find(kind)->second.distinct;
  }
  return found->second;
}

void Pseudonyms::addSecret(std::string_view kind, std::string_view word) {
  if (word.size() >= kShortestWord) secrets_.emplace(word, kind);
}

bool Pseudonyms::holdsSecret(std::string_view text) const {
  return std::any_of(secrets_.begin(), secrets_.end(),
                     [&](const auto& secret) { return text.find(secret.first) != std::string_view::npos; });
}

void Pseudonyms::learnUsers(std::string_view text) {
  for (std::string_view home : {"/home/", "/Users/", "\\Users\\"}) {
    for (size_t at = text.find(home); at != std::string_view::npos; at = text.find(home, at + 1)) {
      const std::string_view rest = text.substr(at + home.size());
      const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return !isWord(c) && c != '.'; });
      addSecret("user", rest.substr(0, static_cast<size_t>(end - rest.begin())));
    }
  }
}

std::string Pseudonyms::withoutPaths(std::string_view text, std::string_view place) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t size = pathAt(text, at);
    if (size == 0) {
      out += text[at++];
      continue;
    }
    out += replace("path", text.substr(at, size), place);
    at += size;
  }
  return out;
}

std::string Pseudonyms::scrubbed(std::string_view text, std::string_view place) {
  std::string out = withoutPaths(text, place);
  for (const auto& [word, kind] : secrets_) {
    for (size_t at = out.find(word); at != std::string::npos; at = out.find(word, at)) {
      const size_t end = at + word.size();
      if (!startsWord(out, at) || (end < out.size() && isWord(out[end]))) {
        ++at;
        continue;
      }
      const std::string name = replace(kind, word, place);
      out.replace(at, word.size(), name);
      at += name.size();
    }
  }
  return out;
}

}  // namespace reprise
