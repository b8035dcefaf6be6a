#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/hashing.hpp"

namespace harrow::storage {

/// One image of a split. Paths are relative to the data set's root, with '/'.
struct ImageEntry {
    std::string relative_path;
    std::string defect_type;  ///< "good" when not defective
    bool defective = false;
    std::string mask_path;  ///< empty without a mask
};

struct DatasetClass {
    std::string name;
    std::vector<ImageEntry> train;  ///< sorted by path, like `test`
    std::vector<ImageEntry> test;
};

struct Dataset {
    std::filesystem::path root;
    std::string layout;
    std::vector<DatasetClass> classes;  ///< sorted by name
};

/// What was found, and everything that is wrong with it: each problem says what, where and what to
/// do.
struct DatasetListing {
    Dataset dataset;
    std::vector<std::string> problems;
};

/// Layouts that list_dataset knows: "mvtec".
const std::vector<std::string>& layouts();

/// Lists a data set without decoding it: names, masks, and the first bytes of every file. Hidden
/// files and files that are neither .png, .jpg nor .jpeg are ignored. Never throws for what it
/// finds on the disk; problems are returned. An unknown layout is a problem too. With `wanted`,
/// only the classes of these names are looked at; one that is not there is just absent.
DatasetListing list_dataset(const std::string& layout,
                            const std::filesystem::path& root,
                            const std::vector<std::string>& wanted = {});

/// "<class>/<split>/<rest>" without its first two parts, a view into its argument: what of a path
/// the digests below hold, so that a class that is renamed keeps them.
std::string_view path_in_split(std::string_view relative_path);

/// Digest of the images of one class and split, in order: paths inside the split and file contents.
/// Moving or renaming the root changes nothing. `per_image`, if given, receives the digest of every
/// file's content. Throws sweeps::DataError when a file cannot be read.
sweeps::Digest images_digest(const Dataset& dataset,
                             const std::vector<ImageEntry>& images,
                             std::vector<sweeps::Digest>* per_image = nullptr);

/// Digest of what is true about the images: paths, defective or not, mask paths and contents.
sweeps::Digest labels_digest(const Dataset& dataset, const std::vector<ImageEntry>& images);

/// Ground truth of one image after preprocess_mask: 0 or 1, [size, size]; zeros when not defective.
/// Throws sweeps::DataError naming both files when mask and image differ in size, or when a
/// defective image has no mask.
std::vector<std::uint8_t> load_mask(const Dataset& dataset, const ImageEntry& image, int size);

}  // namespace harrow::storage
