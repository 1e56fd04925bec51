// TOML, by toml++.
#include <toml++/toml.h>

#include <algorithm>
#include <locale>
#include <sstream>

#include "tools/check/manifest_node.h"

namespace reprise {
namespace {

class Converter {
 public:
  explicit Converter(const std::string& name) : name_(name) {}

  ManifestNode convert(const toml::node& from, int depth) {
    ManifestNode to;
    to.line = static_cast<int>(from.source().begin.line);
    if (depth > kMaxManifestDepth || ++count_ > kMaxManifestNodes) return fail(to, "is nested too deeply");
    if (const auto* table = from.as_table()) {
      // Tables are sorted by name: back to the order of the file.
      for (const auto& [key, value] : *table)
        to.members.push_back({std::string(key.str()), convert(value, depth + 1)});
      std::stable_sort(to.members.begin(), to.members.end(),
                       [](const auto& a, const auto& b) { return a.node.line < b.node.line; });
    } else if (const auto* list = from.as_array()) {
      to.kind = ManifestNode::kList;
      for (const toml::node& item : *list) to.items.push_back(convert(item, depth + 1));
    } else {
      scalar(from, to);
    }
    return to;
  }

  Status status;

 private:
  ManifestNode& fail(ManifestNode& node, const std::string& what) {
    if (status) status = Status(Code::kUsage, name_ + ":" + std::to_string(node.line) + ": a value " + what);
    return node;
  }

  void scalar(const toml::node& from, ManifestNode& to) {
    to.kind = ManifestNode::kScalar;
    if (const auto* text = from.as_string()) {
      to.text = text->get();
    } else if (const auto* integer = from.as_integer()) {
      to.type = ManifestNode::kNumber;
      to.text = std::to_string(integer->get());
    } else if (const auto* real = from.as_floating_point()) {
      to.type = ManifestNode::kNumber;
      std::ostringstream digits;
      digits.imbue(std::locale::classic());
      digits << real->get();
      to.text = digits.str();
    } else if (const auto* boolean = from.as_boolean()) {
      to.type = ManifestNode::kBoolean;
      to.text = boolean->get() ? "true" : "false";
    } else {
      fail(to, "is a date or a time, which no key takes; put it in quotes");
    }
  }

  const std::string& name_;
  size_t count_ = 0;
};

}  // namespace

Result<ManifestNode> parseToml(const std::string& text, const std::string& name) {
  try {
    const toml::table table = toml::parse(text, name);
    Converter converter(name);
    ManifestNode root = converter.convert(table, 0);
    if (!converter.status) return converter.status;
    return root;
  } catch (const toml::parse_error& error) {
    return Status(Code::kUsage, name + ":" + std::to_string(error.source().begin.line) +
                                    ": not TOML: " + std::string(error.description()));
  }
}

}  // namespace reprise
