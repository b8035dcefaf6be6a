#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace harrow::storage {

struct FloatTensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;  ///< row-major
};

/// Writes F32 tensors in the given order, in one step (temporary file, rename). Throws
/// std::invalid_argument when values and shape disagree; StorageError when the file cannot be
/// written.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<FloatTensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace harrow::storage
