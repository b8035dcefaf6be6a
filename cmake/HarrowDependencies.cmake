# Everything is found on the system; nothing is downloaded by the build. Each module links what it owns.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Boost REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(Torch REQUIRED)
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR "The LibTorch in ${Torch_DIR} uses the C++ ABI from before C++11, which no other library "
                      "here does: take LibTorch's cxx11-ABI zip, or a wheel of torch 2.7 or newer.")
endif()

# One name per third party, so that module files read alike.
add_library(harrow_hdf5 INTERFACE)
target_include_directories(harrow_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(harrow_hdf5 INTERFACE ${HDF5_C_LIBRARIES})
add_library(harrow_yaml INTERFACE)
target_link_libraries(harrow_yaml INTERFACE ${YAML_CPP_LIBRARIES})
add_library(harrow_xxhash ALIAS PkgConfig::xxhash)

# CMake's Torch package sets flags globally through properties; keep them on one target.
add_library(harrow_torch INTERFACE)
target_include_directories(harrow_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(harrow_torch INTERFACE ${TORCH_LIBRARIES})
separate_arguments(harrow_torch_flags NATIVE_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(harrow_torch INTERFACE ${harrow_torch_flags})
# Torch 2.x headers need C++17, from 2.10 on C++20; only worker/ compiles against them.
if(Torch_VERSION VERSION_GREATER_EQUAL 2.10)
  target_compile_features(harrow_torch INTERFACE cxx_std_20)
endif()
