// The expression of `reprise dump --where`: a condition on the values in a call.
//
//   or    = and { ("or" | "||") and }
//   and   = not { ("and" | "&&") not }
//   not   = [ "not" | "!" ] not | "(" or ")" | test
//   test  = path [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "has" | "~" | "!~") value ]
//   path  = step { "." step }         step = NAME { "[" NUMBER "]" }
//   value = number { "|" number } | "text" | 'text' | NULL
//   number = 12 | -12 | 0xff | 0.5 | 1.3.0 (a Vulkan version) | true | false | a name of the registry
//
// A path is the end of the way to a member, anywhere in the call; a step names a member or the struct that
// stands there; without an index any element of an array or pNext chain will do. A test holds where one value
// on that path passes it; a path alone where one is neither 0 nor NULL. `result` is what the call returned.
// `~` takes a glob on a string, a name of an enum or a number's decimal digits; `has` asks for all of the
// bits.
//
// A value: made once by parse(), then any thread's. Errors of parse() name the column, counted from 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "format/status.h"
#include "tools/print/tree.h"

namespace reprise {

class Where {
 public:
  static Result<Where> parse(const std::string& text);

  // `call`: in either format.
  bool matches(const Tree& call) const { return holds(root_, call); }

  struct Number {
    enum Kind : uint8_t { kUnsigned, kNegative, kReal };
    Kind kind = kUnsigned;
    uint64_t bits = 0;  // two's complement, or those of the double
  };
  struct Step {
    std::string name;  // of a member or a struct
    std::vector<uint64_t> indices;
  };
  enum class Compare : uint8_t {
    kPresent,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kHas,
    kGlob,
    kNotGlob,
  };
  enum class Operand : uint8_t { kNone, kNull, kNumber, kText };
  struct Test {
    std::vector<Step> path;
    Compare compare = Compare::kPresent;
    Operand operand = Operand::kNone;
    Number number;
    std::string text;
  };
  struct Term {
    enum Kind : uint8_t { kTest, kNot, kAnd, kOr };
    Kind kind = kTest;
    size_t left = 0, right = 0;  // terms
    Test test;
  };

 private:
  friend class WhereParser;
  bool holds(size_t term, const Tree& call) const;

  std::vector<Term> terms_;
  size_t root_ = 0;
};

}  // namespace reprise
