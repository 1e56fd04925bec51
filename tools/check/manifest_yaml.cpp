// YAML, by yaml-cpp.
#include <yaml-cpp/yaml.h>

#include "tools/check/manifest_node.h"

namespace reprise {
namespace {

class Converter {
 public:
  explicit Converter(const std::string& name) : name_(name) {}

  ManifestNode convert(const YAML::Node& from, int depth) {
    ManifestNode to;
    to.line = from.Mark().line + 1;
    // Aliases may repeat a node any number of times.
    if (depth > kMaxManifestDepth || ++count_ > kMaxManifestNodes)
      return fail(to, "is nested too deeply, or repeated too often");
    if (from.IsMap()) {
      for (const auto& member : from) {
        if (!member.first.IsScalar()) return fail(to, "has a key that is no text");
        const std::string& key = member.first.Scalar();
        if (to.find(key)) return fail(to, "has the key \"" + key + "\" twice");
        to.members.push_back({key, convert(member.second, depth + 1)});
        to.members.back().node.line = member.first.Mark().line + 1;
      }
    } else if (from.IsSequence()) {
      to.kind = ManifestNode::kList;
      for (const YAML::Node& item : from) to.items.push_back(convert(item, depth + 1));
    } else if (from.IsScalar()) {
      to.kind = ManifestNode::kScalar;
      to.type = from.Tag() == "!" ? ManifestNode::kText : ManifestNode::kPlain;
      to.text = from.Scalar();
    } else {
      return fail(to, "is empty: leave the key out instead");
    }
    return to;
  }

  Status status;

 private:
  ManifestNode& fail(ManifestNode& node, const std::string& what) {
    if (status) status = Status(Code::kUsage, name_ + ":" + std::to_string(node.line) + ": a value " + what);
    return node;
  }

  const std::string& name_;
  size_t count_ = 0;
};

}  // namespace

Result<ManifestNode> parseYaml(const std::string& text, const std::string& name) {
  try {
    const YAML::Node node = YAML::Load(text);
    if (!node.IsMap())
      return Status(Code::kUsage, name + ": not a YAML mapping; `reprise check --help` shows a manifest");
    Converter converter(name);
    ManifestNode root = converter.convert(node, 0);
    if (!converter.status) return converter.status;
    return root;
  } catch (const YAML::Exception& error) {
    return Status(Code::kUsage,
                  name + ":" + std::to_string(error.mark.line + 1) + ": not YAML: " + error.msg);
  }
}

}  // namespace reprise
