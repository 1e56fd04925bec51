// A manifest's text as a tree, whichever language it is written in: the one input of manifest.cpp.
//
// Both parsers only translate; what keys mean and which there are is manifest.cpp's. Values, no thread rule.
// Errors: kUsage with file and line.
#pragma once

#include <string>
#include <vector>

#include "format/status.h"

namespace reprise {

struct ManifestMember;

struct ManifestNode {
  enum Kind { kTable, kList, kScalar };
  enum Type {
    kText,     // quoted
    kNumber,   // of TOML
    kBoolean,  // of TOML
    kPlain,    // YAML without quotes: whatever the key wants
  };
  Kind kind = kTable;
  int line = 0;
  std::vector<ManifestMember> members;  // of a table, in order
  std::vector<ManifestNode> items;      // of a list
  Type type = kText;                    // of a scalar
  std::string text;

  const ManifestNode* find(const std::string& key) const;
};

struct ManifestMember {
  std::string name;
  ManifestNode node;
};

inline const ManifestNode* ManifestNode::find(const std::string& key) const {
  for (const ManifestMember& member : members)
    if (member.name == key) return &member.node;
  return nullptr;
}

inline constexpr int kMaxManifestDepth = 16;
inline constexpr size_t kMaxManifestNodes = 1'000'000;

// `name` is for messages.
Result<ManifestNode> parseToml(const std::string& text, const std::string& name);
Result<ManifestNode> parseYaml(const std::string& text, const std::string& name);

}  // namespace reprise
