#include "tools/check/hash.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace reprise {

Result<std::string> sha256OfFile(const std::string& path) {
  const auto failed = [&path](const char* why) {
    return Status(Code::kUnreadable, "cannot read " + path + ": " + why);
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return failed(std::strerror(errno));
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1)
    return failed("libcrypto has no SHA-256");
  std::vector<unsigned char> piece(size_t{1} << 20);
  while (const size_t size = std::fread(piece.data(), 1, piece.size(), file.get()))
    EVP_DigestUpdate(hash.get(), piece.data(), size);
  if (std::ferror(file.get())) return failed(std::strerror(errno));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(hash.get(), digest, &size) != 1) return failed("libcrypto failed");
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", digest[i]);
    text += digits;
  }
  return text;
}

}  // namespace reprise
