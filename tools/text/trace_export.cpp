#include "tools/text/trace_export.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>

#include "format/level_finder.h"
#include "tools/text/block_text.h"

namespace reprise {
namespace {

constexpr size_t kPiece = size_t{64} << 20;  // of bytes that belong to no block: a blob each

class TextFile {
 public:
  explicit TextFile(std::string path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wbe")) {
    if (file_ == nullptr) status_ = failure("create");
  }
  ~TextFile() {
    if (file_) std::fclose(file_);
  }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  void write(const std::string& text) {
    bytes_ += text.size();
    if (status_.isOk() && std::fwrite(text.data(), 1, text.size(), file_) != text.size())
      status_ = failure("write");
  }
  Status close() {
    std::FILE* file = std::exchange(file_, nullptr);
    if (file && std::fclose(file) != 0 && status_.isOk()) status_ = failure("write");
    return status_;
  }
  const Status& status() const { return status_; }
  uint64_t bytes() const { return bytes_; }

 private:
  Status failure(const char* what) const {
    return {Code::kUnreadable, std::string("cannot ") + what + " " + path_ + ": " + std::strerror(errno)};
  }
  const std::string path_;
  std::FILE* file_;
  uint64_t bytes_ = 0;
  Status status_;
};

class Exporter {
 public:
  Exporter(BlockSource& source, const std::string& dir)
      : source_(source), blobs_(dir + "/blobs"), text_(dir + "/trace.jsonl") {}

  Result<ExportSummary> run();

 private:
  std::string header();
  Status block(const BlockPlace& place);
  Status bytes(uint64_t offset, uint64_t end);

  BlockSource& source_;
  BlobWriter blobs_;
  TextFile text_;
  ExportSummary summary_;
  std::unique_ptr<BlockText> blocks_;
  LevelFinder levels_;
  BlockUnpacker unpacker_;
  std::vector<std::byte> raw_;
  uint64_t index_offset_ = 0;
  std::string out_;
};

std::string Exporter::header() {
  const TraceHeaderInfo& info = source_.info();
  std::string line;
  JsonWriter writer(line, blobs_);
  writer.open();
  writer.member("reprise_text", uint64_t{kTextVersion});
  writer.member("format",
                std::to_string(source_.versionMajor()) + "." + std::to_string(source_.versionMinor()));
  writer.member("complete", summary_.complete);
  writer.member("application", std::string_view(info.application));
  writer.member("command_line", std::string_view(info.command_line));
  writer.member("host", std::string_view(info.host));
  writer.member("os", std::string_view(info.os));
  writer.member("tool_version", std::string_view(info.tool_version));
  writer.member("registry_version", std::string_view(info.registry_version));
  writer.member("captured_unix_seconds", info.captured_unix_seconds);
  writer.member("start_ns", info.start_ns);
  std::vector<std::byte> table(source_.firstBlock() - kFileStartBytes);
  const std::vector<std::byte> made = encodeHeader(info);
  if (source_.readBytes(kFileStartBytes, table).isOk() && table != made) {
    writer.bytes("table", table);
    writer.hex("of", checksumOf(made));
  }
  writer.close();
  blobs_.forget();
  return line + "\n";
}

Status Exporter::bytes(uint64_t offset, uint64_t end) {
  while (offset < end) {
    std::vector<std::byte> piece(std::min<uint64_t>(kPiece, end - offset));
    if (Status status = source_.readBytes(offset, piece); !status.isOk()) return status;
    if (index_offset_ != 0 && piece == encodeFileEnd(index_offset_))
      out_ += "{\"end\":true}\n";
    else
      blocks_->appendBytes(piece, out_);
    offset += piece.size();
  }
  return Status::ok();
}

Status Exporter::block(const BlockPlace& place) {
  const uint64_t end = place.offset + kBlockHeaderBytes + place.header.stored_bytes;
  std::array<std::byte, kBlockHeaderBytes> head;
  if (Status status = source_.readBytes(place.offset, head); !status.isOk()) return status;
  const bool whole = head == encodeBlockHeader(place.header) && source_.unpack(place, raw_, unpacker_).isOk();
  if (!whole || (raw_.empty() && place.header.stored_bytes != 0)) return bytes(place.offset, end);
  if (Status status = source_.reserve(raw_.size(), place.offset); !status.isOk()) return status;
  const auto find = [this] { return raw_.empty() ? 3 : levels_.find(raw_, unpacker_.stored()); };
  std::future<std::optional<int>> level = std::async(std::launch::async, find);
  std::string lines;
  // Its level is known when its records are done; it stands before them.
  constexpr int kUnknown = -1000;
  blocks_->append(place, raw_, kUnknown, lines);
  const std::optional<int> found = level.get();
  if (!found) ++summary_.foreign_blocks;
  const std::string placeholder = "\"level\":" + std::to_string(kUnknown);
  const size_t at = lines.find(placeholder);
  if (at != std::string::npos && at < lines.find('\n'))
    lines.replace(at, placeholder.size(), "\"level\":" + std::to_string(found.value_or(3)));
  out_ += lines;
  if (place.header.kind == BlockKind::kIndex) index_offset_ = place.offset;
  source_.release(raw_.size());
  return Status::ok();
}

Result<ExportSummary> Exporter::run() {
  TraceContents contents;
  ReadOptions everything;
  everything.beyond_watermark = true;
  const bool known = loadContents(source_, everything, contents).isOk();
  summary_.complete = known && contents.index.has_value();
  blocks_ = std::make_unique<BlockText>(source_, known ? contents.index : std::nullopt, blobs_, summary_);
  contents = {};
  text_.write(header());
  uint64_t offset = source_.firstBlock();
  while (offset < source_.size() && text_.status().isOk() && blobs_.status().isOk()) {
    Status status;
    if (const auto place = source_.blockAt(offset)) {
      status = block(*place);
      offset = place->offset + kBlockHeaderBytes + place->header.stored_bytes;
    } else {
      const auto next = source_.findBlock(offset + 1);
      const uint64_t end = next ? next->offset : source_.size();
      status = bytes(offset, end);
      offset = end;
    }
    if (!status.isOk()) return status;
    text_.write(out_);
    out_.clear();
  }
  if (Status status = text_.close(); !status.isOk()) return status;
  if (!blobs_.status().isOk()) return blobs_.status();
  summary_.text_bytes = text_.bytes();
  summary_.blobs = blobs_.files();
  summary_.blob_bytes = blobs_.bytes();
  return summary_;
}

}  // namespace

Result<ExportSummary> exportTrace(const std::string& file, const std::string& dir) {
  Result<std::unique_ptr<BlockSource>> source = BlockSource::open(file);
  if (!source) return source.status();
  if (::mkdir((dir + "/blobs").c_str(), 0777) != 0 && errno != EEXIST)
    return Status(Code::kUnreadable, "cannot create " + dir + "/blobs: " + std::strerror(errno));
  return Exporter(**source, dir).run();
}

}  // namespace reprise
