#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/datasets/preprocess.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {

class DigestMemory;

/// One image of a split. Paths are relative to the data set's root, with '/'.
struct ImageEntry {
    std::string relative_path;
    std::string defect_type;  ///< "good" when not defective
    bool defective = false;
    std::string mask_path;      ///< empty without a mask
    bool mask_is_zero = false;  ///< defective without a mask, which the layout reads as all zero
};

/// The order of the images is part of every digest and key. It depends on the names alone: sorted
/// by path, but in layout mvtec_ad2 normal images first, and .jpg before .png in each folder.
struct DatasetClass {
    std::string name;
    std::vector<ImageEntry> train;
    std::vector<ImageEntry> test;
    std::vector<ImageEntry> validation = {};  ///< normal; only mvtec_ad2 has it, and may lack it
};

struct Dataset {
    std::filesystem::path root;  ///< the folder that paths start from
    std::string layout;
    std::vector<DatasetClass> classes;  ///< sorted by name
};

/// What was found, and everything that is wrong with it: each problem says what, where and what to
/// do.
struct DatasetListing {
    Dataset dataset;
    std::vector<std::string> problems;
    std::vector<std::string> notes;  ///< allowed, but worth knowing
};

/// Layouts that list_dataset knows; docs/file-formats.md describes each.
const std::vector<std::string>& layouts();

enum class Headers {
    Read,  ///< the first bytes of every image and mask: are they pictures, of equal size
    Skip
};

/// Lists a data set without decoding it. Hidden files and, where folders are searched, files that
/// are neither .png, .jpg nor .jpeg are ignored. Never throws for what it finds on the disk;
/// problems are returned. An unknown layout is a problem too. With `wanted`, only the classes of
/// these names are looked at; one that is not there is just absent.
DatasetListing list_dataset(const std::string& layout,
                            const std::filesystem::path& root,
                            const std::vector<std::string>& wanted = {},
                            Headers headers = Headers::Read);

/// What of a path the digests below hold, a view into its argument: the path without the parts that
/// name class and split, so that a class that is renamed keeps its digests. mvtec and mpdd:
/// behind <class>/<split>/; mvtec_ad2: behind <class>/<class>/<split>/, doubled or not; visa:
/// behind the first folder, the object's; csv: all of it, as its folders mean nothing.
std::string_view path_in_split(const std::string& layout, std::string_view relative_path);

/// Digest of the images of one class and split, in order: paths inside the split and file contents.
/// Moving or renaming the root changes nothing. `per_image`, if given, receives the digest of every
/// file's content; `memory` saves reading files that it knows and changes no digest. Throws
/// sweeps::DataError when a file cannot be read.
sweeps::Digest images_digest(const Dataset& dataset,
                             const std::vector<ImageEntry>& images,
                             std::vector<sweeps::Digest>* per_image = nullptr,
                             DigestMemory* memory = nullptr);

/// Digest of what is true about the images: paths, defective or not, mask paths and contents.
sweeps::Digest labels_digest(const Dataset& dataset,
                             const std::vector<ImageEntry>& images,
                             DigestMemory* memory = nullptr);

/// Ground truth of one image after preprocess_mask: 0 or 1, [size, size]; zeros when not defective.
/// Throws sweeps::DataError naming both files when mask and image differ in size, or when a
/// defective image has no mask.
std::vector<std::uint8_t> load_mask(const Dataset& dataset,
                                    const ImageEntry& image,
                                    int size,
                                    Resize resize);

}  // namespace harrow::storage
