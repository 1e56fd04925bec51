// Counts and sizes of a trace for TraceReader::summary(). From the index, or by reading every record once.
// Free functions; the caller's thread.
#pragma once

#include "format/block_source.h"
#include "format/reader.h"
#include "format/trace_contents.h"

namespace reprise {

TraceSummary summarize(BlockSource& source, TraceContents& contents);

}  // namespace reprise
