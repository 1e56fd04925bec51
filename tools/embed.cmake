# reprise_embed(TARGET FILE NAME): FILE's text as `inline constexpr std::string_view NAME` in "embedded/<FILE's name>.h".
function(reprise_embed target file name)
  get_filename_component(leaf ${file} NAME)
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE source)
  set(header ${CMAKE_BINARY_DIR}/generated/embedded/${leaf}.h)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated/embedded)
  set(script ${PROJECT_SOURCE_DIR}/tools/embed.py)
  add_custom_command(OUTPUT ${header} DEPENDS ${source} ${script} VERBATIM
    COMMAND ${Python3_EXECUTABLE} -B ${script} ${source} ${name} ${header})
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()
