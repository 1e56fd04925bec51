// Text to Where: a recursive descent over the grammar in where.h.
#include <algorithm>
#include <bit>
#include <charconv>
#include <string_view>

#include "tools/print/registry_names.h"
#include "tools/print/where.h"

namespace reprise {
namespace {

constexpr int kMaxNesting = 64;
constexpr size_t kMaxTerms = 1000;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isNamePart(char c) { return isNameStart(c) || isDigit(c); }

struct Token {
  enum Kind { kEnd, kName, kNumber, kText, kSign };
  Kind kind = kEnd;
  std::string_view spelling;
  std::string text;  // of kText: without quotes and escapes
  size_t column = 1;
};

struct CompareSign {
  std::string_view sign;
  Where::Compare compare;
};
constexpr CompareSign kCompareSigns[] = {
    {"==", Where::Compare::kEqual},     {"!=", Where::Compare::kNotEqual},
    {"<=", Where::Compare::kLessEqual}, {">=", Where::Compare::kGreaterEqual},
    {"<", Where::Compare::kLess},       {">", Where::Compare::kGreater},
    {"has", Where::Compare::kHas},      {"~", Where::Compare::kGlob},
    {"!~", Where::Compare::kNotGlob},
};
constexpr std::string_view kSigns[] = {"==", "!=", "<=", ">=", "!~", "&&", "||", "<", ">",
                                       "~",  "!",  "(",  ")",  "[",  "]",  ".",  "|", "-"};
constexpr std::string_view kAfterPath = "==, !=, <, <=, >, >=, has, ~ or !~";

bool takesText(Where::Compare compare) {
  return compare == Where::Compare::kEqual || compare == Where::Compare::kNotEqual ||
         compare == Where::Compare::kGlob || compare == Where::Compare::kNotGlob;
}
bool isGlob(Where::Compare compare) {
  return compare == Where::Compare::kGlob || compare == Where::Compare::kNotGlob;
}

}  // namespace

class WhereParser {
 public:
  explicit WhereParser(const std::string& text) : text_(text) { advance(); }

  Result<Where> parse() {
    where_.root_ = either();
    if (error_.empty() && token_.kind != Token::kEnd)
      fail("expected \"and\", \"or\" or the end, found " + found());
    if (error_.empty()) return std::move(where_);
    return Status(Code::kUsage,
                  "--where: at column " + std::to_string(error_column_) + " of \"" + text_ + "\": " + error_);
  }

 private:
  using Term = Where::Term;

  size_t add(Term term) {
    if (where_.terms_.size() == kMaxTerms) {
      fail("this has more than " + std::to_string(kMaxTerms) + " terms");
      return 0;
    }
    where_.terms_.push_back(std::move(term));
    return where_.terms_.size() - 1;
  }

  size_t either() {
    size_t left = both();
    while (error_.empty() && (isName("or") || isSign("||"))) {
      advance();
      const size_t right = both();
      left = add({Term::kOr, left, right, {}});
    }
    return left;
  }

  size_t both() {
    size_t left = negated();
    while (error_.empty() && (isName("and") || isSign("&&"))) {
      advance();
      const size_t right = negated();
      left = add({Term::kAnd, left, right, {}});
    }
    return left;
  }

  size_t negated() {
    if (++nesting_ > kMaxNesting) {
      fail("this is nested more than " + std::to_string(kMaxNesting) + " deep");
      return 0;
    }
    size_t made = 0;
    if (isName("not") || isSign("!")) {
      advance();
      const size_t inner = negated();
      made = add({Term::kNot, inner, 0, {}});
    } else if (isSign("(")) {
      advance();
      made = either();
      if (error_.empty() && !isSign(")")) fail("expected \")\", found " + found());
      advance();
    } else {
      made = test();
    }
    --nesting_;
    return made;
  }

  size_t test() {
    Term term;
    path(term.test);
    if (!error_.empty()) return 0;
    const auto sign =
        std::find_if(std::begin(kCompareSigns), std::end(kCompareSigns), [&](const CompareSign& one) {
          return token_.spelling == one.sign && (token_.kind == Token::kSign || token_.kind == Token::kName);
        });
    if (sign == std::end(kCompareSigns)) {
      const bool over = token_.kind == Token::kEnd || isSign(")") || isSign("&&") || isSign("||") ||
                        isName("and") || isName("or");
      if (!over) fail("expected " + std::string(kAfterPath) + ", found " + found());
      return add(std::move(term));
    }
    term.test.compare = sign->compare;
    advance();
    operand(term.test);
    return add(std::move(term));
  }

  void path(Where::Test& test) {
    do {
      if (!test.path.empty()) advance();  // the dot
      if (token_.kind != Token::kName)
        return fail("expected the name of a member or struct, found " + found());
      if (valueNamed(token_.spelling))
        return fail(std::string(token_.spelling) +
                    " is a value; the member stands first, as in `format == VK_FORMAT_...`");
      Where::Step& step = test.path.emplace_back();
      step.name = token_.spelling;
      advance();
      while (isSign("[")) {
        advance();
        const std::string_view digits = token_.spelling;
        uint64_t index = 0;
        const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
        if (token_.kind != Token::kNumber || wrong != std::errc() || end != digits.data() + digits.size())
          return fail("expected the number of an element, found " + found());
        step.indices.push_back(index);
        advance();
        if (!isSign("]")) return fail("expected \"]\", found " + found());
        advance();
      }
    } while (isSign("."));
    // A struct's name may be followed by its members only: what begins like one must be one.
    for (Where::Step& step : test.path) {
      if (!step.name.starts_with("Vk")) continue;
      const std::string_view known = structNamed(step.name);
      if (known.empty())
        return fail(step.name + " is no struct of the registry" + didYouMean(step.name, structNames()));
      step.name = known;
    }
  }

  void operand(Where::Test& test) {
    if (token_.kind == Token::kText) {
      if (!takesText(test.compare)) return fail("a text can only be compared with ==, !=, ~ and !~");
      test.operand = Where::Operand::kText;
      test.text = token_.text;
      return advance();
    }
    if (isGlob(test.compare)) return fail("expected a glob in quotes, found " + found());
    if (isName("NULL") || isName("VK_NULL_HANDLE")) {
      if (!takesText(test.compare)) return fail("NULL can only be compared with == and !=");
      test.operand = Where::Operand::kNull;
      return advance();
    }
    test.operand = Where::Operand::kNumber;
    number(test.number);
    while (error_.empty() && isSign("|")) {
      const Token sign = token_;
      advance();
      Where::Number more;
      number(more);
      if (error_.empty() &&
          (test.number.kind != Where::Number::kUnsigned || more.kind != Where::Number::kUnsigned))
        return fail("only masks can be joined with |", sign.column);
      test.number.bits |= more.bits;
    }
    if (test.compare == Where::Compare::kHas && test.number.kind != Where::Number::kUnsigned)
      fail("`has` asks for bits, so it takes a mask");
  }

  void number(Where::Number& number) {
    const bool negative = isSign("-");
    if (negative) advance();
    if (token_.kind == Token::kNumber) {
      digits(token_.spelling, negative, number);
    } else if (token_.kind == Token::kName && !negative) {
      named(number);
    } else {
      return fail("expected a number, a name of the registry, a text in quotes or NULL, found " + found());
    }
    if (error_.empty()) advance();
  }

  void named(Where::Number& number) {
    if (isName("true") || isName("false")) {
      number.bits = isName("true");
      return;
    }
    const auto known = valueNamed(token_.spelling);
    if (!known) {
      return fail(std::string(token_.spelling) + " is no value of the registry" +
                  didYouMean(token_.spelling, valueNames()));
    }
    const bool negative = known->is_signed && static_cast<int64_t>(known->value) < 0;
    number = {negative ? Where::Number::kNegative : Where::Number::kUnsigned, known->value};
  }

  void digits(std::string_view spelling, bool negative, Where::Number& number) {
    const char* end = spelling.data() + spelling.size();
    const auto whole = [&](std::from_chars_result parsed) {
      return parsed.ec == std::errc() && parsed.ptr == end;
    };
    if (std::count(spelling.begin(), spelling.end(), '.') == 2 && !negative) return version(spelling, number);
    if (spelling.starts_with("0x") || spelling.starts_with("0X")) {
      if (!whole(std::from_chars(spelling.data() + 2, end, number.bits, 16)))
        fail(std::string(spelling) + " is no hexadecimal number of at most 64 bits");
    } else if (double real = 0; !whole(std::from_chars(spelling.data(), end, number.bits))) {
      if (!whole(std::from_chars(spelling.data(), end, real)))
        return fail(std::string(spelling) + " is no number");
      number = {Where::Number::kReal, std::bit_cast<uint64_t>(negative ? -real : real)};
      return;
    }
    if (!negative || number.bits == 0) return;
    if (number.bits > uint64_t{1} << 63)
      return fail("-" + std::string(spelling) + " is no number of 64 bits");
    number = {Where::Number::kNegative, ~number.bits + 1};
  }

  void version(std::string_view spelling, Where::Number& number) {
    constexpr uint32_t kLimits[3] = {128, 1024, 4096};  // of VK_MAKE_API_VERSION()
    uint32_t parts[3] = {};
    const char* at = spelling.data();
    const char* end = at + spelling.size();
    for (size_t i = 0; i < 3; ++i) {
      const auto [next, wrong] = std::from_chars(at, end, parts[i]);
      const bool ends_well = i == 2 ? next == end : next != end && *next == '.';
      if (wrong != std::errc() || !ends_well || parts[i] >= kLimits[i])
        return fail(std::string(spelling) + " is no Vulkan version; these are three numbers, as in 1.3.0");
      at = next + 1;
    }
    number.bits = VK_MAKE_API_VERSION(0, parts[0], parts[1], parts[2]);
  }

  // ---- tokens

  void advance() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    token_ = {};
    token_.column = at_ + 1;
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    const size_t begin = at_;
    if (isNameStart(c)) {
      while (at_ < text_.size() && isNamePart(text_[at_])) ++at_;
      token_.kind = Token::kName;
    } else if (isDigit(c)) {
      numberToken();
      token_.kind = Token::kNumber;
    } else if (c == '"' || c == '\'') {
      return textToken(c);
    } else {
      signToken();
      if (token_.kind == Token::kEnd) return;
    }
    token_.spelling = std::string_view(text_).substr(begin, at_ - begin);
  }

  void numberToken() {
    const bool hex = text_.compare(at_, 2, "0x") == 0 || text_.compare(at_, 2, "0X") == 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool sign = (c == '+' || c == '-') && !hex && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
      if (!isNamePart(c) && c != '.' && !sign) break;
      ++at_;
    }
  }

  void textToken(char quote) {
    const size_t begin = at_++;
    token_.kind = Token::kText;
    while (at_ < text_.size() && text_[at_] != quote) {
      const bool escaped =
          text_[at_] == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == quote || text_[at_ + 1] == '\\');
      if (escaped) ++at_;
      token_.text += text_[at_++];
    }
    if (at_ == text_.size()) return fail("this text has no closing quote");
    ++at_;
    token_.spelling = std::string_view(text_).substr(begin, at_ - begin);
  }

  void signToken() {
    for (const std::string_view sign : kSigns) {
      if (text_.compare(at_, sign.size(), sign) != 0) continue;
      token_.kind = Token::kSign;
      at_ += sign.size();
      return;
    }
    fail(text_[at_] == '=' ? "\"=\" means nothing; to compare, write \"==\""
                           : std::string("\"") + text_[at_] + "\" means nothing here");
    at_ = text_.size();
  }

  bool isName(std::string_view name) const { return token_.kind == Token::kName && token_.spelling == name; }
  bool isSign(std::string_view sign) const { return token_.kind == Token::kSign && token_.spelling == sign; }
  std::string found() const {
    return token_.kind == Token::kEnd ? "the end" : "`" + std::string(token_.spelling) + "`";
  }
  void fail(std::string why) { fail(std::move(why), token_.column); }
  void fail(std::string why, size_t column) {  // the first one counts
    if (!error_.empty()) return;
    error_ = std::move(why);
    error_column_ = column;
  }

  const std::string& text_;
  size_t at_ = 0;
  Token token_;
  int nesting_ = 0;
  std::string error_;
  size_t error_column_ = 1;
  Where where_;
};

Result<Where> Where::parse(const std::string& text) { return WhereParser(text).parse(); }

}  // namespace reprise
