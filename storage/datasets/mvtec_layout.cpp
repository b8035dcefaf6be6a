#include "storage/datasets/layout_readers.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

class ClassFolderReader {
public:
    ClassFolderReader(ListingBuilder& builder, std::string name, MissingMask missing_mask)
        : builder_(builder), name_(std::move(name)), missing_mask_(missing_mask) {}

    void read() {
        DatasetClass found{name_, {}, {}};
        add_split("train/good", kNormalType, found.train);
        if (found.train.empty()) {
            builder_.problem("class " + name_ + " has no images in " +
                             (directory() / "train" / kNormalType).string() +
                             "; put normal .png or .jpg images there or remove the class");
        }
        const fs::path test = directory() / "test";
        if (is_folder(test)) {
            for (const fs::path& type : builder_.subdirectories(test)) {
                const std::string type_name = type.filename().string();
                add_split("test/" + type_name, type_name, found.test);
            }
        }
        if (found.test.empty()) {
            builder_.problem("class " + name_ + " has no images below " + test.string() +
                             "; put test images in test/good and test/<defect type>");
        }
        note_zero_masks(found);
        builder_.add_class(std::move(found), "class folder " + directory().string());
    }

private:
    fs::path directory() const { return builder_.root() / name_; }

    void add_split(const std::string& folder,
                   const std::string& type,
                   std::vector<ImageEntry>& out) {
        const fs::path path = directory() / folder;
        if (!is_folder(path)) {
            return;
        }
        for (const fs::path& file : builder_.image_files(path)) {
            ImageEntry entry;
            entry.relative_path = name_ + "/" + folder + "/" + file.filename().string();
            entry.defect_type = type;
            entry.defective = type != kNormalType;
            if (entry.defective) {
                find_mask(entry, type, file.stem().string());
            }
            builder_.add_image(std::move(entry), out);
        }
    }

    void find_mask(ImageEntry& entry, const std::string& type, const std::string& stem) {
        const std::string path = name_ + "/ground_truth/" + type + "/" + stem + "_mask.png";
        builder_.set_mask(entry, path, missing_mask_);
    }

    void note_zero_masks(const DatasetClass& found) {
        std::size_t count = 0;
        std::string first;
        for (const ImageEntry& entry : found.test) {
            if (entry.mask_is_zero) {
                first = count++ == 0 ? entry.relative_path : first;
            }
        }
        if (count > 0) {
            builder_.note("class " + name_ + ": " + std::to_string(count) +
                          " defective images have no mask file and get an all-zero mask, the first "
                          "is " +
                          (builder_.root() / first).string());
        }
    }

    ListingBuilder& builder_;
    std::string name_;
    MissingMask missing_mask_;
};

}  // namespace

void list_class_folders(ListingBuilder& builder, MissingMask missing_mask) {
    for (const fs::path& directory : builder.subdirectories(builder.root())) {
        const std::string name = directory.filename().string();
        if (builder.wants(name) &&
            (is_folder(directory / "train") || is_folder(directory / "test"))) {
            ClassFolderReader(builder, name, missing_mask).read();
        }
    }
    if (!builder.has_classes() && !builder.has_problems() && builder.wants_all()) {
        builder.problem("no classes found in " + builder.root().string() +
                        "; expected folders <class>/train/good and <class>/test/<type>");
    }
}

void list_mvtec(ListingBuilder& builder) {
    list_class_folders(builder, MissingMask::Problem);
}

}  // namespace harrow::storage
