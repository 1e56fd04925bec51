#include "capture/shadow.h"

#include <sys/mman.h>

namespace reprise {

bool Shadow::create(size_t bytes) {
  clear();
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return false;
  data_ = static_cast<std::byte*>(at);
  bytes_ = bytes;
  known_.assign((bytes + kShadowPage - 1) / kShadowPage, false);
  return true;
}

void Shadow::clear() {
  if (data_) munmap(data_, bytes_);
  data_ = nullptr;
  known_.clear();
}

}  // namespace reprise
