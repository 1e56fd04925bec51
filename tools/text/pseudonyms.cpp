#include "tools/text/pseudonyms.h"

#include <algorithm>
#include <cctype>

namespace reprise {
namespace {

constexpr size_t kExample = 24;      // characters of an example
constexpr size_t kShortestWord = 3;  // a shorter one would be found in everything

bool isWord(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

bool startsWord(std::string_view text, size_t at) { return at == 0 || !isWord(text[at - 1]); }

// Beyond ASCII: a part of a letter, in every encoding that one meets.
bool isForeign(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool isSlash(char c) { return c == '/' || c == '\\'; }

// A path ends before these.
bool isBoundary(char c) {
  return std::string_view(" \t\r\n\"'`=,;:|<>()[]{}").find(c) != std::string_view::npos;
}

// Between the words of one name: "Program Files (x86)".
bool isGap(char c) { return c == ' ' || c == '(' || c == ')'; }

// Where these stand a path starts, whatever is before them: "-I/home/ada", "x@C:\\Users".
size_t plainRoot(std::string_view text) {
  for (const std::string_view home : {"/home/", "/Users/", "/root/", "\\Users\\"})
    if (text.starts_with(home)) return 1;
  if (text.size() < 4 || !std::isalpha(static_cast<unsigned char>(text[0])) || text[1] != ':' ||
      text[2] != '\\')
    return 0;
  return text[3] == '\\' ? 4 : 3;  // within a quoted text a separator stands twice
}

// Where these stand, and no word, dot or slash before them. "///" is of a file's URL; a drive may follow
// "\\?\".
size_t looseRoot(std::string_view text) {
  for (const std::string_view root : {"\\\\?\\", "\\\\.\\", "\\\\", "///", "/", "~/"})
    if (text.starts_with(root)) return root.size() + plainRoot(text.substr(root.size()));
  const bool drive = text.size() > 2 && isWord(text[0]) && text[1] == ':' && text[2] == '/';
  return drive ? 3 : 0;
}

bool startsName(std::string_view text, size_t at) {
  return at < text.size() && (isWord(text[at]) || isForeign(text[at]) || text[at] == '.');
}

// An absolute path starts at `at`; `root`: bytes before its first name.
bool startsPath(std::string_view text, size_t at, size_t& root) {
  const std::string_view rest = text.substr(at);
  root = plainRoot(rest);
  if (root == 0 && (at == 0 || !(isWord(text[at - 1]) || text[at - 1] == '.' || isSlash(text[at - 1]))))
    root = looseRoot(rest);
  return root != 0 && startsName(rest, root);
}

size_t endOfWord(std::string_view text, size_t at) {
  while (at < text.size() && !isBoundary(text[at])) ++at;
  return at;
}

// Bytes of the absolute path that starts at `at`; 0: none does. Names may have blanks in them: what follows
// belongs to it as far as there is another separator, unless another path starts before that.
size_t pathAt(std::string_view text, size_t at) {
  size_t root = 0;
  if (!startsPath(text, at, root)) return 0;
  size_t end = endOfWord(text, at + root);
  for (size_t next = end; next < text.size() && isGap(text[next]);) {
    while (next < text.size() && isGap(text[next])) ++next;
    if (startsPath(text, next, root)) break;
    const size_t word = next;
    next = endOfWord(text, word);
    if (std::any_of(text.begin() + std::ptrdiff_t(word), text.begin() + std::ptrdiff_t(next), isSlash))
      end = next;
  }
  return end - at;
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
      std::string_view rest = text.substr(at + home.size());
      if (home.front() == '\\' && rest.starts_with('\\')) rest.remove_prefix(1);  // of a quoted text
      const auto end = std::find_if(rest.begin(), rest.end(),
                                    [](char c) { return !isWord(c) && !isForeign(c) && c != '.'; });
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
  learnUsers(text);
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
