#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/dataset_check.hpp"
#include "storage/datasets/image.hpp"

namespace harrow::storage {

enum class CheckedSplit { Train, Test, Validation };

/// What decoding one image and its mask told; the picture itself is gone.
struct CheckedImage {
    const DatasetClass* of_class = nullptr;
    CheckedSplit split = CheckedSplit::Train;
    const ImageEntry* entry = nullptr;
    std::int64_t bytes = 0;
    ImageSize size;
    sweeps::Digest digest;  ///< of the file; empty when it cannot be decoded
    std::string error;      ///< why it cannot be decoded
    ImageSize mask_size;
    bool mask_is_empty = false;
    std::string mask_error;
};

void find_broken_files(const std::filesystem::path& root,
                       const std::vector<CheckedImage>& images,
                       std::vector<CheckFinding>& findings);
/// By content: a problem across splits, whatever the class; else a warning.
void find_duplicates(const std::vector<CheckedImage>& images, std::vector<CheckFinding>& findings);
/// Classes of a layout that has a split `validation` without images there.
void find_missing_validation(const Dataset& dataset, std::vector<CheckFinding>& findings);
void find_mixed_sizes(const Dataset& dataset,
                      const std::vector<CheckedImage>& images,
                      std::vector<CheckFinding>& findings);
/// Visible files and folders beside the used ones. In layout csv the folders that hold listed files
/// are looked at; in others everything in the folders of the classes, and the root.
void find_ignored_files(const Dataset& dataset,
                        const std::vector<CheckedImage>& images,
                        std::vector<CheckFinding>& findings);

}  // namespace harrow::storage
