# Registers every case of e2e.py with ctest, as e2e.NAME; the long ones carry the label `slow`.
# The cases are asked for their names when the build is configured; a change of their list configures anew.
set(e2e ${CMAKE_CURRENT_LIST_DIR}/e2e.py)
file(GLOB e2e_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/support/*.py)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${e2e} ${e2e_sources})
execute_process(COMMAND ${Python3_EXECUTABLE} -B ${e2e} --list OUTPUT_VARIABLE e2e_cases
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" e2e_cases "${e2e_cases}")
foreach(line IN LISTS e2e_cases)
  string(REPLACE " " ";" words "${line}")
  list(GET words 0 name)
  add_test(NAME e2e.${name} COMMAND ${Python3_EXECUTABLE} -B ${e2e} --build ${CMAKE_BINARY_DIR} --case ${name})
  if("slow" IN_LIST words)
    set_tests_properties(e2e.${name} PROPERTIES LABELS "e2e;slow" TIMEOUT 7200)
  else()
    set_tests_properties(e2e.${name} PROPERTIES LABELS e2e TIMEOUT 900)
  endif()
endforeach()
