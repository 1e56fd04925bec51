// SHA-256, by OpenSSL's libcrypto.
//
// Free functions, any thread. Errors: kUnreadable.
#pragma once

#include <string>

#include "format/status.h"

namespace reprise {

// 64 lower-case hex digits.
Result<std::string> sha256OfFile(const std::string& path);

}  // namespace reprise
