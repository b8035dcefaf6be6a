#include "storage/datasets/check_findings.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>

#include "storage/datasets/layout_readers.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;
using Level = CheckFinding::Level;

constexpr std::size_t kExamples = 3;

std::string size_text(std::pair<int, int> size) {
    return std::to_string(size.first) + " x " + std::to_string(size.second);
}

/// Files of one folder that no split holds.
struct Unused {
    std::size_t count = 0;
    std::vector<std::string> examples;
};

class IgnoredFiles {
public:
    IgnoredFiles(const Dataset& dataset, const std::vector<CheckedImage>& images)
        : root_(dataset.root), layout_(dataset.layout) {
        for (const CheckedImage& image : images) {
            use(image.entry->relative_path);
            if (!image.entry->mask_path.empty()) {
                use(image.entry->mask_path);
            }
        }
        used_.insert({"dataset.csv", "split_csv/1cls.csv"});
    }

    std::map<std::string, Unused> find() {
        if (folders_.empty()) {
            return {};
        }
        if (layout_ == "csv") {
            for (const std::string& folder : folders_) {
                look_into(root_ / folder, false);
            }
            return std::move(unused_);
        }
        std::error_code error;
        for (fs::directory_iterator entry(root_, error), end; !error && entry != end;
             entry.increment(error)) {
            const std::string name = entry->path().filename().string();
            if (folders_.count(name) != 0) {
                look_into(entry->path(), true);
            } else if (name[0] != '.' && used_.count(name) == 0 && name != "split_csv") {
                add(entry->path());
            }
        }
        return std::move(unused_);
    }

private:
    /// Remembers a file, and the folder to look into for its sake.
    void use(const std::string& path) {
        used_.insert(path);
        folders_.insert(layout_ == "csv" ? fs::path(path).parent_path().generic_string()
                                         : path.substr(0, path.find('/')));
    }

    void look_into(const fs::path& folder, bool deeply) {
        std::error_code error;
        for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            const bool hidden = entry->path().filename().string()[0] == '.';
            if (is_folder(entry->path())) {
                if (hidden || !deeply) {
                    entry.disable_recursion_pending();
                }
            } else if (!hidden && used_.count(relative(entry->path())) == 0) {
                add(entry->path());
            }
        }
    }

    std::string relative(const fs::path& path) const {
        return path.lexically_relative(root_).generic_string();
    }

    void add(const fs::path& path) {
        Unused& unused = unused_[relative(path.parent_path())];
        if (unused.count++ < kExamples) {
            unused.examples.push_back(relative(path));
        }
    }

    fs::path root_;
    std::string layout_;
    std::unordered_set<std::string> used_;
    std::set<std::string> folders_;
    std::map<std::string, Unused> unused_;
};

/// Without paths.
CheckFinding duplicate_finding(const std::vector<const CheckedImage*>& group) {
    const auto is_in = [&group](CheckedSplit split) {
        return std::any_of(group.begin(), group.end(), [split](const CheckedImage* image) {
            return image->split == split;
        });
    };
    const bool in_train = is_in(CheckedSplit::Train), in_test = is_in(CheckedSplit::Test);
    if (in_train && in_test) {
        return {Level::Problem,
                "train_test_duplicate",
                "train and test hold the same picture; remove one",
                {}};
    }
    if (is_in(CheckedSplit::Validation) && (in_train || in_test)) {
        return {Level::Problem,
                "validation_duplicate",
                std::string("validation and ") + (in_train ? "train" : "test") +
                    " hold the same picture; remove one",
                {}};
    }
    return {Level::Warning, "duplicate", "the same picture more than once", {}};
}

}  // namespace

void find_broken_files(const fs::path& root,
                       const std::vector<CheckedImage>& images,
                       std::vector<CheckFinding>& findings) {
    for (const CheckedImage& image : images) {
        const ImageEntry& entry = *image.entry;
        const auto report = [&](const char* kind, std::string message, bool about_mask) {
            std::vector<std::string> paths = {entry.relative_path};
            if (about_mask) {
                paths.insert(paths.begin(), entry.mask_path);
            }
            findings.push_back({Level::Problem, kind, std::move(message), std::move(paths)});
        };
        if (!image.error.empty()) {
            report("unreadable", image.error, false);
        }
        if (entry.mask_path.empty()) {
            continue;
        }
        const fs::path mask = root / entry.mask_path;
        if (!image.mask_error.empty()) {
            report("mask_unreadable", image.mask_error, true);
        } else if (image.mask_is_empty) {
            report("mask_empty",
                   "mask " + mask.string() + " has no pixel above zero although its image " +
                       (root / entry.relative_path).string() +
                       " is defective; draw the defect, or list the image as normal",
                   true);
        }
        if (image.mask_error.empty() && image.error.empty() &&
            (image.mask_size.width != image.size.width ||
             image.mask_size.height != image.size.height)) {
            report("mask_size",
                   mask_size_problem(mask, image.mask_size, root / entry.relative_path, image.size),
                   true);
        }
    }
}

void find_missing_validation(const Dataset& dataset, std::vector<CheckFinding>& findings) {
    if (dataset.layout != "mvtec_ad2") {
        return;
    }
    for (const DatasetClass& found : dataset.classes) {
        if (found.validation.empty()) {
            findings.push_back({Level::Warning,
                                "no_validation",
                                "class " + found.name +
                                    " has no images in validation/good, and so no thresholds "
                                    "(validation.use_split); put normal images there if you want "
                                    "some",
                                {}});
        }
    }
}

void find_duplicates(const std::vector<CheckedImage>& images, std::vector<CheckFinding>& findings) {
    std::map<sweeps::Digest, std::vector<const CheckedImage*>> groups;
    for (const CheckedImage& image : images) {
        if (!image.digest.empty()) {
            groups[image.digest].push_back(&image);
        }
    }
    std::vector<CheckFinding> found;
    for (const auto& [digest, group] : groups) {
        if (group.size() < 2) {
            continue;
        }
        CheckFinding finding = duplicate_finding(group);
        for (const CheckedImage* image : group) {
            finding.paths.push_back(image->entry->relative_path);
        }
        found.push_back(std::move(finding));
    }
    std::sort(found.begin(), found.end(), [](const CheckFinding& a, const CheckFinding& b) {
        return a.paths < b.paths;
    });
    findings.insert(findings.end(), found.begin(), found.end());
}

void find_mixed_sizes(const Dataset& dataset,
                      const std::vector<CheckedImage>& images,
                      std::vector<CheckFinding>& findings) {
    struct Seen {
        std::int64_t count = 0;
        std::string example;
    };
    std::map<const DatasetClass*, std::map<std::pair<int, int>, Seen>> sizes;
    for (const CheckedImage& image : images) {
        if (image.error.empty()) {
            Seen& seen = sizes[image.of_class][{image.size.width, image.size.height}];
            if (seen.count++ == 0) {
                seen.example = image.entry->relative_path;
            }
        }
    }
    for (const DatasetClass& found : dataset.classes) {
        const auto& of_class = sizes[&found];
        if (of_class.size() < 2) {
            continue;
        }
        CheckFinding finding{
            Level::Note,
            "image_sizes",
            "class " + found.name + " has images of " + std::to_string(of_class.size()) + " sizes:",
            {}};
        for (const auto& [size, seen] : of_class) {
            if (finding.paths.size() == 2 * kExamples) {
                finding.message += " …";
                break;
            }
            finding.message += (finding.paths.empty() ? " " : ", ") + size_text(size) + " (" +
                               std::to_string(seen.count) + ")";
            finding.paths.push_back(seen.example);
        }
        findings.push_back(std::move(finding));
    }
}

void find_ignored_files(const Dataset& dataset,
                        const std::vector<CheckedImage>& images,
                        std::vector<CheckFinding>& findings) {
    for (const auto& [folder, unused] : IgnoredFiles(dataset, images).find()) {
        findings.push_back(
            {Level::Note,
             "ignored_files",
             std::to_string(unused.count) + (unused.count == 1 ? " entry" : " entries") + " of " +
                 (dataset.root / (folder == "." ? "" : folder)).string() + " not used",
             unused.examples});
    }
}

}  // namespace harrow::storage
