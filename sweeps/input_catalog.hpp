#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sweeps/hashing.hpp"

namespace harrow::sweeps {

struct SplitFacts {
    std::int64_t images = 0;
    Digest images_digest;  ///< of the images' content and order
};

struct ClassFacts {
    std::string name;
    SplitFacts train;
    SplitFacts test;
    Digest labels_digest;  ///< of the test split's labels and masks
};

struct DatasetFacts {
    std::vector<ClassFacts> classes;  ///< sorted by name
    std::vector<std::string>
        problems;  ///< missing root, empty class folder, …: what, where, what to do
};

struct WeightsFacts {
    Digest digest;            ///< SHA-256 of the file, 64 hexadecimal digits; empty after a problem
    std::string public_name;  ///< "timm/resnet18.a1_in1k"; empty: not a known public file
    std::vector<std::string> problems;  ///< missing, no safetensors file, …: what and why
};

/// What a sweep must know of the files it reads, without knowing how they are read. Answers live as
/// long as the catalog; asking again costs nothing.
class InputCatalog {
public:
    virtual ~InputCatalog() = default;
    virtual const DatasetFacts& describe(const std::string& layout, const std::string& root) = 0;
    /// `backbone`: the backbone.name that is to read the file; `path` is not empty.
    virtual const WeightsFacts& weights(const std::string& backbone, const std::string& path) = 0;
};

}  // namespace harrow::sweeps
