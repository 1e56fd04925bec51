// What of a call's values, of metadata and of the header is taken out of a trace, and what comes in its
// place.
//
// One thread's. The pseudonyms must outlive it.
#pragma once

#include <string>
#include <string_view>

#include "format/writer.h"
#include "tools/text/json_reader.h"
#include "tools/text/pseudonyms.h"
#include "tools/text/trace_scrub.h"

namespace reprise {

class ValueScrub : public ValueEditor {
 public:
  ValueScrub(Pseudonyms& pseudonyms, const ScrubOptions& options)
      : pseudonyms_(pseudonyms), options_(options) {}

  // ---- of calls
  std::optional<std::string> text(std::string_view member, std::string_view value) override;
  std::optional<std::vector<std::byte>> bytes(std::string_view member,
                                              std::span<const std::byte> value) override;
  bool changed() const { return changed_; }  // since start()
  void start() { changed_ = false; }
  // False: nothing in these bytes can be a text or shader that would be changed, so they need not be decoded.
  bool mayHold(std::span<const std::byte> arguments) const;

  // ---- of the rest
  void header(TraceHeaderInfo& info);
  std::string metadata(std::string_view json);
  std::string threadName(std::string_view name);
  std::string freeText(std::string_view text, std::string_view place) {
    return pseudonyms_.scrubbed(text, place);
  }

 private:
  std::string label(std::string_view value);

  Pseudonyms& pseudonyms_;
  const ScrubOptions options_;
  bool changed_ = false;
};

}  // namespace reprise
