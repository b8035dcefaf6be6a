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
    Digest labels_digest;        ///< of the test split's labels and masks
    SplitFacts validation = {};  ///< without images where the layout or the class has none
};

struct DatasetFacts {
    std::vector<ClassFacts> classes;         ///< those asked for that are there, sorted by name
    std::vector<std::string> other_classes;  ///< names of the rest, when one asked for is not there
    /// Missing root, empty class folder, …: what, where, what to do. Not of classes that were not
    /// asked for.
    std::vector<std::string> problems;
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
    /// `classes`: the names asked for, as data.classes has them; empty: all there are. A class has
    /// the same facts in every answer.
    virtual const DatasetFacts& describe(const std::string& layout,
                                         const std::string& root,
                                         const std::vector<std::string>& classes) = 0;
    /// `backbone`: the backbone.name that is to read the file; `path` is not empty.
    virtual const WeightsFacts& weights(const std::string& backbone, const std::string& path) = 0;
};

}  // namespace harrow::sweeps
