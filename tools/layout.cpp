// Lays a Tree out: indented text for people, one line of JSON for programs.
#include <string>

#include "tools/tree.h"

namespace reprise {
namespace {

using Kind = Tree::Kind;
using Node = Tree::Node;

constexpr size_t kIndent = 4;
constexpr size_t kShortLeaf = 16;  // array elements up to this wide share lines

std::string indexed(std::string_view name, size_t index) {
  return std::string(name) + "[" + std::to_string(index) + "]";
}

class TextLayout {
 public:
  TextLayout(const Tree& tree, std::string& out) : tree_(tree), nodes_(tree.nodes()), out_(out) {}

  // Nodes [first, end) and what is below them, within a line.
  void flatList(size_t first, size_t end) {
    const char* separator = "";
    for (size_t i = first; i < end; i = nodes_[i].end) {
      out_ += separator;
      separator = ", ";
      if (nodes_[i].kind == Kind::kChain) {
        flatChain(i);
        continue;
      }
      if (!nodes_[i].name.empty()) out_.append(nodes_[i].name).append(" = ");
      flatValue(i);
    }
  }

  // The same, each on lines of its own.
  void lines(size_t first, size_t end, size_t depth) {
    for (size_t i = first; i < end; i = nodes_[i].end) {
      if (nodes_[i].kind == Kind::kChain) {
        elements(i, nodes_[i].name, depth);
      } else {
        line(i, nodes_[i].name, depth);
      }
    }
  }

 private:
  void flatChain(size_t i) {
    size_t index = 0;
    for (size_t node = i + 1; node < nodes_[i].end; node = nodes_[node].end) {
      if (index > 0) out_ += ", ";
      out_.append(indexed(nodes_[i].name, index++)).append(" = ");
      flatValue(node);
    }
  }

  void flatValue(size_t i) {
    const Node& node = nodes_[i];
    if (node.kind == Kind::kLeaf) {
      out_ += tree_.spelling(node);
      return;
    }
    if (node.show_type || node.kind == Kind::kArray) {
      type(node);
      out_ += ' ';
    }
    out_ += '{';
    flatList(i + 1, node.end);
    out_ += '}';
  }

  void type(const Node& node) {
    if (node.kind == Kind::kArray) {
      out_ += indexed(node.type, node.count);
    } else {
      out_ += node.type;
    }
  }

  void line(size_t i, std::string_view label, size_t depth) {
    const Node& node = nodes_[i];
    startLine(depth);
    out_ += label;
    if (node.kind == Kind::kLeaf || depth * kIndent + node.width <= kLineColumns) {
      if (!label.empty()) out_ += " = ";
      flatValue(i);
      out_ += '\n';
      return;
    }
    const bool said_by_array = node.kind == Kind::kObject && !node.show_type && node.name.empty();
    if (!said_by_array) {
      out_ += " = ";
      type(node);
    }
    out_ += '\n';
    if (node.kind == Kind::kObject) {
      lines(i + 1, node.end, depth + 1);
    } else if (allShort(i)) {
      filled(i + 1, node.end, depth + 1);
    } else {
      elements(i, {}, depth + 1);
    }
  }

  void elements(size_t i, std::string_view label, size_t depth) {
    size_t index = 0;
    for (size_t node = i + 1; node < nodes_[i].end; node = nodes_[node].end)
      line(node, indexed(label, index++), depth);
  }

  bool allShort(size_t i) const {
    for (size_t node = i + 1; node < nodes_[i].end; ++node) {
      if (nodes_[node].kind != Kind::kLeaf || nodes_[node].width > kShortLeaf) return false;
    }
    return true;
  }

  // Many short values: as many a line as fit.
  void filled(size_t first, size_t end, size_t depth) {
    size_t column = 0;
    for (size_t i = first; i < end; ++i) {
      if (column == 0 || column + nodes_[i].width > kLineColumns) {
        if (column > 0) out_ += ",\n";
        startLine(depth);
        column = depth * kIndent;
      } else {
        out_ += ", ";
      }
      out_ += tree_.spelling(nodes_[i]);
      column += nodes_[i].width + 2;
    }
    out_ += '\n';
  }

  void startLine(size_t depth) { out_.append(depth * kIndent, ' '); }

  const Tree& tree_;
  const std::vector<Node>& nodes_;
  std::string& out_;
};

void writeJsonMembers(const Tree& tree, size_t first, size_t end, std::string& out) {
  const char* separator = "";
  for (size_t i = first; i < end; i = tree.nodes()[i].end) {
    const Node& node = tree.nodes()[i];
    out += separator;
    separator = ",";
    if (!node.name.empty()) out.append("\"").append(node.name).append("\":");
    if (node.kind == Kind::kLeaf) {
      out += tree.spelling(node);
      continue;
    }
    out += node.kind == Kind::kObject ? '{' : '[';
    writeJsonMembers(tree, i + 1, node.end, out);
    out += node.kind == Kind::kObject ? '}' : ']';
  }
}

}  // namespace

void writeText(const Tree& tree, std::string_view head, std::string_view result, std::string& out) {
  const auto& nodes = tree.nodes();
  size_t width = head.size() + 2 + result.size() + (result.empty() ? 0 : 3);
  for (size_t i = 0; i < nodes.size(); i = nodes[i].end) width += nodes[i].width + 2;
  const bool fits = width <= kLineColumns;
  TextLayout layout(tree, out);
  out.append(head).append("(");
  if (fits) {
    layout.flatList(0, nodes.size());
  } else {
    out += "...";
  }
  out += ')';
  if (!result.empty()) out.append(" = ").append(result);
  out += '\n';
  if (!fits) layout.lines(0, nodes.size(), 1);
}

void writeJson(const Tree& tree, std::string& out) {
  out += '{';
  writeJsonMembers(tree, 0, tree.nodes().size(), out);
  out += '}';
}

}  // namespace reprise
