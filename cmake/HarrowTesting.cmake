# harrow_add_test(NAME label.thing SOURCES … LIBS … [LABELS …] [TIMEOUT s] [PROCESSORS n])
#
# One GoogleTest binary and one CTest entry; the first part of the name is its label
# (unit golden mpi e2e slurm gpu fuzz).

find_package(GTest REQUIRED)
find_package(Python3 COMPONENTS Interpreter)

function(harrow_add_test_binary target)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  harrow_configure_target(${target})
  target_link_libraries(${target} PRIVATE ${ARG_LIBS} GTest::gtest)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endfunction()

function(harrow_add_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;PROCESSORS" "SOURCES;LIBS;LABELS" ${ARGN})
  string(REPLACE "." "_" target "test_${name}")
  harrow_add_test_binary(${target} SOURCES ${ARG_SOURCES} LIBS ${ARG_LIBS} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${target})
  harrow_test_properties(${name} LABELS ${ARG_LABELS} TIMEOUT ${ARG_TIMEOUT}
                         PROCESSORS ${ARG_PROCESSORS})
endfunction()

# Every test has a label, a time limit and a number of processors.
function(harrow_test_properties name)
  cmake_parse_arguments(ARG "" "TIMEOUT;PROCESSORS" "LABELS" ${ARGN})
  string(REGEX MATCH "^[a-z0-9]+" first ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_PROCESSORS)
    set(ARG_PROCESSORS 1)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${first};${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
                       PROCESSORS ${ARG_PROCESSORS} SKIP_RETURN_CODE 77)
endfunction()
