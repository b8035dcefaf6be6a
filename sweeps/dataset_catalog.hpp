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

/// What a sweep must know of its data, without knowing how data is read.
class DatasetCatalog {
public:
    virtual ~DatasetCatalog() = default;
    /// The answer lives as long as the catalog; asking again costs nothing.
    virtual const DatasetFacts& describe(const std::string& layout, const std::string& root) = 0;
};

}  // namespace harrow::sweeps
