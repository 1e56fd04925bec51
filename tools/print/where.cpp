#include "tools/print/where.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <optional>
#include <string_view>

#include "format/vk.h"
#include "tools/print/registry_names.h"

namespace reprise {
namespace {

using Compare = Where::Compare;
using Number = Where::Number;
using Operand = Where::Operand;
using Test = Where::Test;

bool isNumber(Value::Kind kind) { return kind >= Value::kUnsigned && kind <= Value::kHandle; }
bool isNegative(const Value& value) {
  return (value.kind == Value::kSigned || value.kind == Value::kEnum) && static_cast<int64_t>(value.bits) < 0;
}
double realOf(const Value& value) {
  if (value.kind == Value::kReal) return std::bit_cast<double>(value.bits);
  return isNegative(value) ? double(static_cast<int64_t>(value.bits)) : double(value.bits);
}
double realOf(const Number& number) {
  if (number.kind == Number::kReal) return std::bit_cast<double>(number.bits);
  return number.kind == Number::kNegative ? double(static_cast<int64_t>(number.bits)) : double(number.bits);
}

std::partial_ordering order(const Value& value, const Number& number) {
  if (value.kind == Value::kReal || number.kind == Number::kReal) return realOf(value) <=> realOf(number);
  const bool negative = number.kind == Number::kNegative;
  if (isNegative(value) != negative)
    return negative ? std::partial_ordering::greater : std::partial_ordering::less;
  return value.bits <=> number.bits;  // of two negative ones, too
}

bool passes(Compare compare, std::partial_ordering found) {
  switch (compare) {
    case Compare::kEqual:
      return found == 0;
    case Compare::kNotEqual:
      return found != 0;
    case Compare::kLess:
      return found < 0;
    case Compare::kLessEqual:
      return found <= 0;
    case Compare::kGreater:
      return found > 0;
    case Compare::kGreaterEqual:
      return found >= 0;
    default:
      return false;
  }
}

std::string_view unquoted(std::string_view spelling) {
  if (spelling.size() >= 2 && spelling.front() == '"' && spelling.back() == '"')
    return spelling.substr(1, spelling.size() - 2);
  return spelling;
}

// What text is compared with: the same in both formats.
std::optional<std::string> textOf(const Value& value, std::string_view spelling) {
  std::string out;
  switch (value.kind) {
    case Value::kString:
      return std::string(value.text);
    case Value::kEnum:
    case Value::kFlags:
      return std::string(unquoted(spelling));
    case Value::kUnsigned:
      return std::to_string(value.bits);
    case Value::kSigned:
      return std::to_string(static_cast<int64_t>(value.bits));
    case Value::kReal:
      return std::string(unquoted(spelling));
    case Value::kHandle:
      appendHex(out, value.bits);
      return out;
    default:
      return std::nullopt;
  }
}

bool passesText(const Test& test, const Value& value, std::string_view spelling) {
  const auto text = textOf(value, spelling);
  if (!text) return false;
  const bool glob = test.compare == Compare::kGlob || test.compare == Compare::kNotGlob;
  const bool same = glob ? fnmatch(test.text.c_str(), text->c_str(), 0) == 0 : *text == test.text;
  return same == (test.compare == Compare::kEqual || test.compare == Compare::kGlob);
}

bool judge(const Test& test, const Value& value, std::string_view spelling) {
  if (value.kind == Value::kNone) return false;
  const bool null = value.kind == Value::kNull || (value.kind == Value::kHandle && value.bits == 0);
  switch (test.operand) {
    case Operand::kNone:
      if (value.kind == Value::kReal) return realOf(value) != 0;
      return isNumber(value.kind) ? value.bits != 0 : !null;
    case Operand::kNull:
      return null == (test.compare == Compare::kEqual);
    case Operand::kNumber:
      if (!isNumber(value.kind)) return false;
      if (test.compare == Compare::kHas)
        return value.kind != Value::kReal && (value.bits & test.number.bits) == test.number.bits;
      return passes(test.compare, order(value, test.number));
    case Operand::kText:
      return passesText(test, value, spelling);
  }
  return false;
}

// A struct, an array or a chain is there, or it is not; it has no value to compare.
bool judgePresence(const Test& test, bool present) {
  if (test.operand == Operand::kNone) return present;
  return test.operand == Operand::kNull && present == (test.compare == Compare::kNotEqual);
}

// Looks along one path for a value that passes.
class Search {
 public:
  Search(const Test& test, const Tree& tree) : test_(test), tree_(tree), nodes_(tree.nodes()) {}

  bool found() const {
    if (test_.path.size() == 1 && test_.path[0].name == "result" && test_.path[0].indices.empty() &&
        judge(test_, tree_.resultValue(), tree_.result()))
      return true;
    return below(0, nodes_.size(), nullptr, false);
  }

 private:
  static constexpr size_t kMostIndices = 4;  // arrays of arrays of ...: the registry has two

  struct Way {
    const Way* up;
    std::string_view name, type;
    std::array<size_t, kMostIndices> indices{};
    size_t index_count = 0;
  };

  // Nodes [first, end); `elements`: those of the array or chain that `up` leads to.
  bool below(size_t first, size_t end, const Way* up, bool elements) const {
    size_t index = 0;
    for (size_t i = first; i < end; i = nodes_[i].end, ++index) {
      const Tree::Node& node = nodes_[i];
      // The member of a union that counts is one node with it: "geometry.triangles".
      const size_t dot = std::min(node.name.find('.'), node.name.size());
      const bool has_union = dot < node.name.size();
      const Way of_union{up, node.name.substr(0, dot), {}, {}, 0};
      Way way{has_union ? &of_union : up, node.name.substr(has_union ? dot + 1 : 0), node.type, {}, 0};
      if (elements) {
        way = *up;
        if (!node.type.empty()) way.type = node.type;
        if (way.index_count < kMostIndices) way.indices[way.index_count++] = index;
      }
      if (isOnPath(way) && judgeNode(i)) return true;
      if (node.kind == Tree::Kind::kLeaf) continue;
      if (node.kind == Tree::Kind::kObject && judgeType(node, way)) return true;
      if (below(i + 1, node.end, &way, node.kind != Tree::Kind::kObject)) return true;
    }
    return false;
  }

  bool isOnPath(const Way& way) const {
    const Way* at = &way;
    for (size_t i = test_.path.size(); i-- > 0; at = at->up) {
      if (!at || !isStep(test_.path[i], *at)) return false;
    }
    return true;
  }

  static bool isStep(const Where::Step& step, const Way& way) {
    if (step.name != way.name && step.name != way.type) return false;
    if (step.indices.size() > way.index_count) return false;
    for (size_t i = 0; i < step.indices.size(); ++i)
      if (step.indices[i] != way.indices[i]) return false;
    return true;
  }

  bool judgeNode(size_t i) const {
    const Tree::Node& node = nodes_[i];
    if (node.kind == Tree::Kind::kLeaf) return judge(test_, node.value, tree_.spelling(node));
    return judgePresence(test_, node.kind != Tree::Kind::kChain || node.end > i + 1);
  }

  // The sType, which is a node of its own in one of the formats only.
  bool judgeType(const Tree::Node& node, const Way& way) const {
    if (node.value.kind != Value::kEnum) return false;
    if (!isOnPath({&way, "sType", {}, {}, 0})) return false;
    const char* name = findName(kVkStructureTypeNames, node.value.bits);
    return judge(test_, node.value, name ? name : "");
  }

  const Test& test_;
  const Tree& tree_;
  const std::vector<Tree::Node>& nodes_;
};

}  // namespace

bool Where::holds(size_t index, const Tree& call) const {
  const Term& term = terms_[index];
  switch (term.kind) {
    case Term::kTest:
      return Search(term.test, call).found();
    case Term::kNot:
      return !holds(term.left, call);
    case Term::kAnd:
      return holds(term.left, call) && holds(term.right, call);
    case Term::kOr:
      return holds(term.left, call) || holds(term.right, call);
  }
  return false;
}

}  // namespace reprise
