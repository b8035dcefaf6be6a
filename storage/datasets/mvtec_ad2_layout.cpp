#include <algorithm>

#include "storage/datasets/layout_readers.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTestSplit = "test_public";
constexpr const char* kValidationSplit = "validation";
constexpr const char* kDefectType = "bad";

bool is_split(std::string_view folder) {
    return folder == "train" || folder == kTestSplit || folder == kValidationSplit;
}

bool holds_splits(const fs::path& directory) {
    return is_folder(directory / "train") || is_folder(directory / kTestSplit);
}

class CategoryReader {
public:
    /// `folder`: of the category below the root, "<name>/<name>" or "<name>".
    CategoryReader(ListingBuilder& builder, std::string name, std::string folder)
        : builder_(builder), name_(std::move(name)), folder_(std::move(folder)) {}

    void read() {
        DatasetClass found{name_, {}, {}, {}};
        add_folder("train/good", kNormalType, found.train);
        add_folder("test_public/good", kNormalType, found.test);
        add_folder("test_public/bad", kDefectType, found.test);
        add_folder("validation/good", kNormalType, found.validation);
        require_images(found.train, "train/good");
        require_images(found.test, "test_public/good and test_public/bad");
        builder_.add_class(std::move(found), "category folder " + directory().string());
    }

private:
    fs::path directory() const { return builder_.root() / folder_; }

    void require_images(const std::vector<ImageEntry>& images, const std::string& folders) {
        if (images.empty()) {
            builder_.problem("class " + name_ + " has no images in " + directory().string() +
                             "; put .png or .jpg images in its folders " + folders +
                             " or remove the class");
        }
    }

    void add_folder(const std::string& folder,
                    const std::string& type,
                    std::vector<ImageEntry>& out) {
        if (!is_folder(directory() / folder)) {
            return;
        }
        std::vector<fs::path> files = builder_.image_files(directory() / folder);
        std::stable_partition(files.begin(), files.end(), [](const fs::path& file) {
            return lower_extension(file) != ".png";
        });
        for (const fs::path& file : files) {
            ImageEntry entry;
            entry.relative_path = folder_ + "/" + folder + "/" + file.filename().string();
            entry.defect_type = type;
            entry.defective = type != kNormalType;
            if (entry.defective) {
                find_mask(entry, file.stem().string());
            }
            builder_.add_image(std::move(entry), out);
        }
    }

    void find_mask(ImageEntry& entry, const std::string& stem) {
        const std::string path = folder_ + "/test_public/ground_truth/bad/" + stem + "_mask.png";
        builder_.set_mask(entry, path, MissingMask::Problem);
    }

    ListingBuilder& builder_;
    std::string name_;
    std::string folder_;
};

}  // namespace

std::string_view path_in_mvtec_ad2_split(std::string_view path) {
    const std::string_view name = path.substr(0, path.find('/'));
    const std::string_view rest = without_folders(path, 1);
    const std::string_view inner = without_folders(rest, 1);
    const bool is_doubled =
        rest.substr(0, rest.find('/')) == name && is_split(inner.substr(0, inner.find('/')));
    return without_folders(path, is_doubled ? 3 : 2);
}

/// Heckler-Kram et al., "The MVTec AD 2 dataset", 2025. Of its splits those with public ground
/// truth are read; the order is that of AnomalyVFM's loader.
void list_mvtec_ad2(ListingBuilder& builder) {
    for (const fs::path& directory : builder.subdirectories(builder.root())) {
        const std::string name = directory.filename().string();
        if (!builder.wants(name)) {
            continue;
        }
        if (holds_splits(directory / name)) {
            CategoryReader(builder, name, name + "/" + name).read();
        } else if (holds_splits(directory)) {
            CategoryReader(builder, name, name).read();
        }
    }
    if (!builder.has_classes() && !builder.has_problems() && builder.wants_all()) {
        builder.problem("no classes found in " + builder.root().string() +
                        "; expected folders <class>/<class>/train/good and "
                        "<class>/<class>/test_public/{good,bad}, or the same with <class> once");
    }
}

}  // namespace harrow::storage
