#include "worker/blas_check.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <vector>

#include <link.h>

namespace harrow::worker {

namespace {

/// Real paths of all loaded libraries: Debian's libblas.so.3 is a link to the chosen BLAS.
std::vector<std::string> loaded_libraries() {
    std::vector<std::string> paths;
    const auto collect = [](dl_phdr_info* info, std::size_t, void* out) {
        std::error_code error;
        const auto path = std::filesystem::canonical(info->dlpi_name, error);
        if (!error) {
            static_cast<std::vector<std::string>*>(out)->push_back(path.string());
        }
        return 0;
    };
    dl_iterate_phdr(collect, &paths);
    return paths;
}

constexpr const char* kFast[] = {"openblas", "libmkl", "blis", "atlas", "armpl"};
constexpr const char* kReference = "/libblas.so";

/// The first library whose path contains `part`; empty when there is none.
std::string library_with(const std::vector<std::string>& paths, const std::string& part) {
    const auto found = std::find_if(paths.begin(), paths.end(), [&](const std::string& path) {
        return path.find(part) != std::string::npos;
    });
    return found == paths.end() ? "" : *found;
}

std::string fast_library(const std::vector<std::string>& paths) {
    for (const char* fast : kFast) {
        const std::string found = library_with(paths, fast);
        if (!found.empty()) {
            return found;
        }
    }
    return "";
}

}  // namespace

std::string blas_library() {
    const std::vector<std::string> paths = loaded_libraries();
    const std::string fast = fast_library(paths);
    return fast.empty() ? library_with(paths, kReference) : fast;
}

std::optional<std::string> slow_blas_warning() {
    const std::vector<std::string> paths = loaded_libraries();
    // One linked into torch, as its makers ship it, has no path.
    if (!fast_library(paths).empty() || library_with(paths, kReference).empty()) {
        return std::nullopt;
    }
    return "torch computes with the reference BLAS, which is some 25 times slower than OpenBLAS; "
           "install libopenblas0-pthread";
}

}  // namespace harrow::worker
