# harrow_add_module(NAME SOURCES … [PUBLIC targets…] [PRIVATE targets…])
#
# Directory = module = target `harrow_<name>` (alias `harrow::<name>`) = namespace `harrow::<name>`.
# The repository root is the only include root. Warnings and sanitizers are set here and nowhere else.

add_library(harrow_build_flags INTERFACE)
target_compile_options(harrow_build_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(HARROW_WERROR)
  target_compile_options(harrow_build_flags INTERFACE -Werror)
endif()
if(HARROW_SANITIZE)
  target_compile_options(harrow_build_flags INTERFACE -fsanitize=${HARROW_SANITIZE}
                         -fno-omit-frame-pointer)
  target_link_options(harrow_build_flags INTERFACE -fsanitize=${HARROW_SANITIZE})
endif()

set(HARROW_CXX_STANDARD 17)

# Settings every target of ours shares, libraries and programs alike.
function(harrow_configure_target target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_features(${target} PUBLIC cxx_std_${HARROW_CXX_STANDARD})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PRIVATE harrow_build_flags)
endfunction()

function(harrow_add_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(harrow_${name} STATIC ${ARG_SOURCES})
  add_library(harrow::${name} ALIAS harrow_${name})
  harrow_configure_target(harrow_${name})
  target_link_libraries(harrow_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()
