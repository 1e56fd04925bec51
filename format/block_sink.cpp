#include "format/block_sink.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "format/block_compressor.h"

namespace reprise {

namespace {
constexpr size_t kMaxOutstanding = BlockSink::kMaxBuffers * 3 / 4;  // the rest is for the block that comes
constexpr size_t kLargestSpare = 2 << 20;
constexpr auto kIdleAge = std::chrono::milliseconds(50);  // between two blocks: time for a good ratio
constexpr size_t kBusyBytes = 4 << 20;                    // more waiting than this: keep up first
constexpr size_t kLateBytes = 8 << 20;       // more than this: the program will soon have to wait
constexpr size_t kLittleBytes = 1 << 20;     // at the end of a small file: a fraction of a second at the
constexpr uint64_t kSmallFile = 256 * 1024;  // slowest level
constexpr int kNiceness = 10;
constexpr int kFinalLevel = 19;
constexpr int kIdleLevel = 12;
constexpr int kUsualLevel = 3;
constexpr int kBusyLevel = 1;
constexpr int kLateLevel = -1;      // 1.3 times as fast as 1, and 3 % larger
constexpr size_t kRepetitive = 24;  // from this ratio on, kUsualLevel is no slower than kBusyLevel
constexpr size_t kLeastFiltered = 4096;
constexpr int kTrialLevel = 3;
}  // namespace

// What a thread needs for compressing.
class BlockSink::Compressor {
 public:
  // `thorough`: also tries the filter for bulk items, for about twice the time.
  void compress(Job& job, int level, bool thorough) {
    BlockHeader& header = job.header;
    const std::span<std::byte> raw = std::span(job.raw).first(job.used);
    header.raw_bytes = static_cast<uint32_t>(raw.size());
    job.stored.resize(kBlockHeaderBytes);
    if (!raw.empty()) {
      if (thorough && header.kind == BlockKind::kBulk) filterItems(raw);
      const size_t size = frames_.frame(raw, level, scratch_);
      job.stored.reserve(kBlockHeaderBytes + size);
      job.stored.insert(job.stored.end(), scratch_.begin(), scratch_.begin() + std::ptrdiff_t(size));
      BlockCompressor::appendPadding(job.stored, BlockCompressor::paddingFor(job.used, size));
    }
    header.stored_bytes = static_cast<uint32_t>(job.stored.size() - kBlockHeaderBytes);
    header.checksum = checksumOf(std::span(job.stored).subspan(kBlockHeaderBytes));
    auto head = encodeBlockHeader(header);
    std::copy(head.begin(), head.end(), job.stored.begin());
  }

 private:
  // Item by item, because a block holds shaders and pixels, and only the latter gain.
  void filterItems(std::span<std::byte> raw) {
    for (size_t at = 0; at + kBulkItemHeaderBytes <= raw.size();) {
      std::byte* size_field = raw.data() + at + kBulkItemHeaderBytes - sizeof(uint32_t);
      auto size = loadLe<uint32_t>(size_field);
      at += kBulkItemHeaderBytes;
      std::span<std::byte> item = raw.subspan(at, size);
      at += size;
      if (size < kLeastFiltered) continue;
      filtered_.assign(item.begin(), item.end());
      applyDelta4(filtered_);
      if (frames_.frame(filtered_, kTrialLevel, scratch_) >= frames_.frame(item, kTrialLevel, scratch_))
        continue;
      std::copy(filtered_.begin(), filtered_.end(), item.begin());
      storeLe(size_field, size | kItemDelta4);
    }
  }

  BlockCompressor frames_;
  std::vector<std::byte> filtered_;
  RawBytes scratch_;
};

BlockSink::BlockSink(int fd, std::string path, int level, uint32_t threads)
    : fd_(fd),
      path_(std::move(path)),
      level_(level),
      thread_count_(threads ? threads : std::clamp(std::thread::hardware_concurrency(), 1u, 8u)) {}

BlockSink::~BlockSink() {
  (void)drain();
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  ::close(fd_);
}

void BlockSink::writeStart(std::span<const std::byte> bytes) {
  std::unique_lock lock(mutex_);
  write(bytes, lock);
}

void BlockSink::writeBytes(std::span<const std::byte> bytes) {
  if (drain().isOk()) writeStart(bytes);
}

void BlockSink::writeEnd(std::span<const std::byte> bytes) {
  std::unique_lock lock(mutex_);
  write(bytes, lock);
}

// With the lock held: the new thread waits for it.
void BlockSink::startThread() {
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // A process or memory limit: with fewer threads it is slower, with none submit() compresses by itself.
    no_more_threads_ = true;
  }
}

std::unique_ptr<BlockSink::Compressor> BlockSink::takeCompressor() {
  if (compressors_.empty()) return std::make_unique<Compressor>();
  std::unique_ptr<Compressor> compressor = std::move(compressors_.back());
  compressors_.pop_back();
  return compressor;
}

void BlockSink::submit(BlockHeader header, RawBytes raw, size_t used, int level) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return outstanding_bytes_ < kMaxOutstanding; });
  auto job = std::make_unique<Job>();
  job->header = header;
  job->raw = std::move(raw);
  job->used = used;
  job->level = level;
  Job* added = job.get();
  const auto now = std::chrono::steady_clock::now();
  submit_pause_ = now - last_submit_;
  last_submit_ = now;
  outstanding_bytes_ += used;
  jobs_.push_back(std::move(job));
  if (waiting_.size() >= resting_threads_ && threads_.size() < thread_count_ && !no_more_threads_)
    startThread();
  if (threads_.empty()) {
    Compressor().compress(*added, level != 0 ? level : levelFor(header.kind), false);
    added->done = true;
    commitReady(lock);
    return;
  }
  waiting_.push_back(added);
  waiting_bytes_ += used;
  lock.unlock();
  work_.notify_one();
}

RawBytes BlockSink::spareBuffer() {
  std::lock_guard lock(mutex_);
  if (spare_.empty()) return {};
  RawBytes buffer = std::move(spare_.back());
  spare_.pop_back();
  spare_bytes_ -= buffer.capacity();
  return buffer;
}

void BlockSink::keepSpare(RawBytes raw) {
  if (raw.capacity() == 0 || raw.capacity() > kLargestSpare) return;
  if (outstanding_bytes_ + spare_bytes_ + raw.capacity() > kMaxBuffers) return;
  spare_bytes_ += raw.capacity();
  spare_.push_back(std::move(raw));
}

// Blocks come so rarely that the next one will be done before another is there.
bool BlockSink::isIdle() const { return waiting_bytes_ == 0 && submit_pause_ >= kIdleAge; }

int BlockSink::levelFor(BlockKind kind) const {
  if (level_ != 0) return level_;
  if (finishing_ && outstanding_bytes_ < kLittleBytes && file_bytes_ < kSmallFile) return kFinalLevel;
  if (isIdle()) return kIdleLevel;
  if (waiting_bytes_ < kBusyBytes || (kind == BlockKind::kCalls && ratio_ >= kRepetitive)) return kUsualLevel;
  return waiting_bytes_ < kLateBytes ? kBusyLevel : kLateLevel;
}

void BlockSink::finishing() {
  std::lock_guard lock(mutex_);
  finishing_ = true;
}

void BlockSink::work() {
  // The program comes first, then whoever empties its buffers.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  std::unique_lock lock(mutex_);
  while (true) {
    ++resting_threads_;
    work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --resting_threads_;
    if (waiting_.empty()) return;
    std::unique_ptr<Compressor> compressor = takeCompressor();
    Job* job = waiting_.front();
    waiting_.pop_front();
    waiting_bytes_ -= job->used;
    int level = job->level != 0 ? job->level : levelFor(job->header.kind);
    bool thorough = job->level == 0 && waiting_bytes_ < kBusyBytes && job->used <= kMaxBlockRaw;
    lock.unlock();
    compressor->compress(*job, level, thorough);
    lock.lock();
    compressors_.push_back(std::move(compressor));
    if (job->header.kind == BlockKind::kCalls)
      ratio_ = job->used / std::max<size_t>(1, job->header.stored_bytes);
    job->done = true;
    commitReady(lock);
  }
}

// Writes what is compressed, oldest first. The lock is released while the disk works; `committing_` keeps the
// others from overtaking.
void BlockSink::commitReady(std::unique_lock<std::mutex>& lock) {
  if (committing_) return;
  committing_ = true;
  while (!jobs_.empty() && jobs_.front()->done) {
    std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    if (status_.isOk()) {
      write(job->stored, lock);
      if (status_.isOk()) committed_.push_back(job->header);
    }
    outstanding_bytes_ -= job->used;
    keepSpare(std::move(job->raw));
    room_.notify_all();
  }
  committing_ = false;
}

void BlockSink::write(std::span<const std::byte> bytes, std::unique_lock<std::mutex>& lock) {
  if (!status_.isOk()) return;
  uint64_t start = file_bytes_;
  lock.unlock();
  size_t written = 0;
  int error = 0;
  while (written < bytes.size() && error == 0) {
    ssize_t n = ::write(fd_, bytes.data() + written, bytes.size() - written);
    if (n > 0) {
      written += static_cast<size_t>(n);
    } else if (n == 0) {
      error = EIO;
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // Half a block helps nobody: end the file on a whole one where the file system lets us.
  bool trimmed = error != 0 && ::ftruncate(fd_, static_cast<off_t>(start)) == 0;
  lock.lock();
  file_bytes_ = start + (error != 0 && trimmed ? 0 : written);
  if (error != 0) {
    status_ = Status(Code::kUnreadable, "cannot write " + path_ + " beyond " + std::to_string(start) +
                                            " bytes: " + std::strerror(error) +
                                            "; the trace is good up to its last watermark");
  }
}

Status BlockSink::drain() {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return jobs_.empty() && !committing_; });
  return status_;
}

std::vector<BlockHeader> BlockSink::committed() {
  std::lock_guard lock(mutex_);
  return committed_;
}

uint64_t BlockSink::fileBytes() const {
  std::lock_guard lock(mutex_);
  return file_bytes_;
}

Status BlockSink::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace reprise
