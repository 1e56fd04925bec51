# reprise_file: the `.vkr` file, written and read. zstd, FlatBuffers (headers) and xxhash are its own affair.
find_package(Threads REQUIRED)
find_library(REPRISE_ZSTD zstd REQUIRED)
find_library(REPRISE_XXHASH xxhash REQUIRED)
find_program(REPRISE_FLATC flatc REQUIRED)

set(trace_generated ${REPRISE_GENERATED_DIR}/gen/trace_generated.h)
add_custom_command(
  OUTPUT ${trace_generated}
  COMMAND ${REPRISE_FLATC} --cpp --cpp-std c++17 --scoped-enums -o ${REPRISE_GENERATED_DIR}/gen
          ${CMAKE_CURRENT_SOURCE_DIR}/trace.fbs
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/trace.fbs
  VERBATIM)

add_library(reprise_file STATIC
  block_ahead.cpp block_compressor.cpp block_sink.cpp block_source.cpp bulk_cache.cpp command_names.cpp event_ahead.cpp file_record.cpp lane_block.cpp lane_cursor.cpp lane_stream.cpp level_finder.cpp
  memory_reducer.cpp reader.cpp reader_seek.cpp side_tables.cpp trace_assembler.cpp trace_contents.cpp trace_format.cpp trace_index.cpp
  trace_summary.cpp trace_tally.cpp writer.cpp ${trace_generated})
# Part of reprise_vk's generated headers; see command_names.cpp.
add_dependencies(reprise_file vkgen)
set_target_properties(reprise_file PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                              VISIBILITY_INLINES_HIDDEN ON)
target_link_libraries(reprise_file PUBLIC reprise_vk PRIVATE ${REPRISE_ZSTD} ${REPRISE_XXHASH} Threads::Threads)
if(REPRISE_FUZZ)
  target_compile_options(reprise_file PRIVATE -fsanitize=fuzzer-no-link)
endif()
