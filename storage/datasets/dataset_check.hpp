#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace harrow::storage {

/// Something that a check of a data set found.
struct CheckFinding {
    enum class Level {
        Problem,  ///< a run would fail, or its numbers would be wrong
        Warning,  ///< a run works; is it meant?
        Note      ///< worth knowing
    };
    Level level = Level::Problem;
    /// For scripts: layout, unreadable, mask_unreadable, mask_size, mask_empty,
    /// train_test_duplicate, validation_duplicate; duplicate, zero_mask, no_validation;
    /// image_sizes, ignored_files.
    std::string kind;
    std::string message;
    std::vector<std::string> paths;  ///< relative to the root, with '/'
};

struct ClassCounts {
    std::string name;
    std::int64_t train = 0;
    std::int64_t test = 0;
    std::int64_t validation = 0;                ///< where the layout has such a split
    std::int64_t masks = 0;                     ///< mask files
    std::map<std::string, std::int64_t> types;  ///< test images per type, "good" among them
};

struct DatasetCheck {
    std::filesystem::path root;
    std::string layout;
    std::vector<ClassCounts> classes;    ///< sorted by name
    std::vector<CheckFinding> findings;  ///< problems first, then warnings, then notes
    std::int64_t images = 0;             ///< that were read
    std::int64_t bytes = 0;              ///< of image files

    bool has_problems() const;
};

/// Lists a data set and decodes every image and mask, `threads` files at a time (0: one per
/// processor); keeps no picture. `on_progress` is called after every image with the number done and
/// their total, by one thread at a time. Throws nothing for what it finds on the disk.
DatasetCheck check_dataset(
    const std::string& layout,
    const std::filesystem::path& root,
    int threads = 0,
    const std::function<void(std::int64_t, std::int64_t)>& on_progress = nullptr);

}  // namespace harrow::storage
