// Lays a Tree out: indented text for people, one line of JSON for programs.
#include <string>

#include "tools/print/hex_dump.h"
#include "tools/print/tree.h"

namespace reprise {
namespace {

using Kind = Tree::Kind;
using Node = Tree::Node;

constexpr size_t kIndent = 4;
constexpr size_t kShortLeaf = 16;  // array elements up to this wide share lines

std::string indexed(std::string_view name, size_t index) {
  return std::string(name) + "[" + std::to_string(index) + "]";
}

void paint(std::string& out, std::string_view colour, const Palette& palette, std::string_view text) {
  if (colour.empty()) {
    out += text;
  } else {
    out.append(colour).append(text).append(palette.reset);
  }
}

std::string_view colourOf(const Value& value, const Palette& palette) {
  switch (value.kind) {
    case Value::kNone:
    case Value::kNull:
      return palette.remark;
    case Value::kEnum:
    case Value::kFlags:
      return palette.name;
    case Value::kHandle:
      return palette.handle;
    case Value::kString:
      return palette.string;
    default:
      return palette.number;
  }
}

class TextLayout {
 public:
  TextLayout(const Tree& tree, const Palette& palette, std::string& out)
      : tree_(tree), nodes_(tree.nodes()), palette_(palette), out_(out) {}

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
    if (node.kind == Kind::kLeaf) return leaf(node);
    if (node.show_type || node.kind == Kind::kArray) {
      type(node);
      out_ += ' ';
    }
    out_ += '{';
    flatList(i + 1, node.end);
    out_ += '}';
  }

  void leaf(const Node& node) { paint(out_, colourOf(node.value, palette_), palette_, tree_.spelling(node)); }

  void type(const Node& node) {
    if (node.type.empty() && node.kind != Kind::kArray) return;
    const std::string_view colour = node.type.empty() ? std::string_view() : palette_.type;
    paint(out_, colour, palette_, node.kind == Kind::kArray ? indexed(node.type, node.count) : node.type);
  }

  void line(size_t i, std::string_view label, size_t depth) {
    const Node& node = nodes_[i];
    startLine(depth);
    out_ += label;
    if (node.kind == Kind::kLeaf || depth * kIndent + node.width <= kLineColumns) {
      if (!label.empty()) out_ += " = ";
      flatValue(i);
      out_ += '\n';
      if (node.value.kind == Value::kBytes && tree_.hexDumps())
        appendHexLines(node.value.text, 0, (depth + 1) * kIndent, out_);
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
      leaf(nodes_[i]);
      column += nodes_[i].width + 2;
    }
    out_ += '\n';
  }

  void startLine(size_t depth) { out_.append(depth * kIndent, ' '); }

  const Tree& tree_;
  const std::vector<Node>& nodes_;
  const Palette& palette_;
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

void writeText(const Tree& tree, std::string_view head, std::string_view result, std::string& out,
               const Palette& palette) {
  const auto& nodes = tree.nodes();
  size_t width = head.size() + 2 + result.size() + (result.empty() ? 0 : 3);
  for (size_t i = 0; i < nodes.size(); i = nodes[i].end) width += nodes[i].width + 2;
  const bool fits = width <= kLineColumns;
  TextLayout layout(tree, palette, out);
  const size_t command = head.rfind(' ') + 1;  // 0 where there is but one word
  out += head.substr(0, command);
  paint(out, palette.command, palette, head.substr(command));
  out += '(';
  if (fits) {
    layout.flatList(0, nodes.size());
  } else {
    out += "...";
  }
  out += ')';
  if (!result.empty()) {
    const Value& value = tree.resultValue();
    const bool failed =
        result != tree.result() || (value.kind == Value::kEnum && static_cast<int64_t>(value.bits) < 0);
    out += " = ";
    paint(out, failed ? palette.failure : palette.result, palette, result);
  }
  out += '\n';
  if (!fits) layout.lines(0, nodes.size(), 1);
}

void writeJson(const Tree& tree, std::string& out) {
  out += '{';
  writeJsonMembers(tree, 0, tree.nodes().size(), out);
  out += '}';
}

}  // namespace reprise
