// Counts and sizes of a trace for TraceReader::summary(). From the index, or by reading every record once, if
// that is asked for.
// Free functions; the caller's thread.
#pragma once

#include "format/block_source.h"
#include "format/reader.h"
#include "format/trace_contents.h"

namespace reprise {

TraceSummary summarize(BlockSource& source, TraceContents& contents, bool count_records);

// What ends the frames of a file without an index. Reads until it is clear: up to the first present, if there is any.
FrameEnd findFrameEnd(BlockSource& source, TraceContents& contents);

}  // namespace reprise
