# harrow_build_info: what `version`, handshakes and manifests say about this build. The revision is
# read when CMake configures; a build outside a checkout says "unknown".

find_package(Git QUIET)
set(HARROW_REVISION "unknown")
if(Git_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
  execute_process(COMMAND ${GIT_EXECUTABLE} -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE HARROW_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE harrow_git_result ERROR_QUIET)
  if(NOT harrow_git_result EQUAL 0)
    set(HARROW_REVISION "unknown")
  endif()
endif()

configure_file(${CMAKE_CURRENT_LIST_DIR}/build_info.hpp.in
               ${PROJECT_BINARY_DIR}/generated/build_info.hpp @ONLY)
add_library(harrow_build_info INTERFACE)
target_include_directories(harrow_build_info INTERFACE ${PROJECT_BINARY_DIR}/generated)
