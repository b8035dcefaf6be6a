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

bool any_contains(const std::vector<std::string>& paths, const std::string& part) {
    return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
        return path.find(part) != std::string::npos;
    });
}

}  // namespace

std::optional<std::string> slow_blas_warning() {
    const std::vector<std::string> paths = loaded_libraries();
    for (const char* fast : {"openblas", "libmkl", "blis", "atlas", "armpl"}) {
        if (any_contains(paths, fast)) {
            return std::nullopt;
        }
    }
    if (!any_contains(paths, "/libblas.so")) {
        return std::nullopt;  // linked into torch, as its makers ship it
    }
    return "torch computes with the reference BLAS, which is some 25 times slower than OpenBLAS; "
           "install libopenblas0-pthread";
}

}  // namespace harrow::worker
