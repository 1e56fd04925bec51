// How far a picture may be from its reference.
//
//   exact        every channel of every pixel is the same
//   channel:N    no channel is further off than N, of 255 (pictures of 16 bits: scaled to that)
//   ssim:T       structural similarity (Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From
//                Error Visibility to Structural Similarity", IEEE Transactions on Image Processing 13(4),
//                2004) is at least T in every tile of 64 x 64 pixels, of each of red, green and blue: a mean
//                over the whole picture would hide a small fault, luma alone one of colour. 1 is the same
//                picture.
// Values, no thread rule. parse() refuses anything else.
#pragma once

#include <string>

#include "format/status.h"

namespace reprise {

struct Tolerance {
  enum Kind { kExact, kChannel, kSsim };
  Kind kind = kExact;
  double limit = 0;  // N or T

  static Result<Tolerance> parse(const std::string& text);
  std::string text() const;  // as parse() takes it
};

}  // namespace reprise
