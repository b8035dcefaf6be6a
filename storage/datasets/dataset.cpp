#include "storage/datasets/dataset.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;
using Problems = std::vector<std::string>;

constexpr const char* kNormalType = "good";

bool is_hidden(const fs::path& path) {
    return path.filename().string().rfind('.', 0) == 0;
}

bool has_image_name(const fs::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

/// Visible entries of a directory, sorted by name; nothing, and a problem, when it cannot be read.
std::vector<fs::path> entries(const fs::path& directory, Problems& problems) {
    std::vector<fs::path> found;
    std::error_code error;
    fs::directory_iterator iterator(directory, error);
    for (; !error && iterator != fs::directory_iterator(); iterator.increment(error)) {
        if (!is_hidden(iterator->path())) {
            found.push_back(iterator->path());
        }
    }
    if (error) {
        problems.push_back("directory " + directory.string() + " cannot be read (" +
                           error.message() + "); make it readable");
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<fs::path> subdirectories(const fs::path& directory, Problems& problems) {
    std::vector<fs::path> found = entries(directory, problems);
    found.erase(
        std::remove_if(found.begin(), found.end(), [](const fs::path& p) { return !is_folder(p); }),
        found.end());
    return found;
}

std::vector<fs::path> image_files(const fs::path& directory, Problems& problems) {
    std::vector<fs::path> found = entries(directory, problems);
    found.erase(std::remove_if(found.begin(),
                               found.end(),
                               [](const fs::path& p) {
                                   std::error_code error;  // a pipe would block whoever opens it
                                   return !has_image_name(p) || is_folder(p) ||
                                          fs::is_other(p, error);
                               }),
                found.end());
    return found;
}

/// Size from the first bytes; nothing, and a problem, when they are no image's.
std::optional<ImageSize> probe(const fs::path& path, Problems& problems) {
    try {
        return probe_image(path);
    } catch (const sweeps::DataError& error) {
        problems.emplace_back(error.what());
        return std::nullopt;
    }
}

std::string size_text(int width, int height) {
    return std::to_string(width) + " x " + std::to_string(height);
}

std::string mask_size_problem(const fs::path& mask_path,
                              ImageSize mask,
                              const fs::path& image_path,
                              ImageSize image) {
    return "mask " + mask_path.string() + " is " + size_text(mask.width, mask.height) +
           " pixels but its image " + image_path.string() + " is " +
           size_text(image.width, image.height) + "; give the mask the size of the image";
}

/// Reads one class of the MVTec AD layout:
/// train/good/*, test/<type>/*, ground_truth/<type>/<stem>_mask.png.
class MvtecClassReader {
public:
    MvtecClassReader(fs::path root, std::string name, Problems& problems)
        : root_(std::move(root)), name_(std::move(name)), problems_(problems) {}

    DatasetClass read() {
        DatasetClass result{name_, {}, {}};
        if (name_ == "mean") {
            problems_.push_back("class folder " + directory().string() +
                                " cannot be called 'mean': rows use it for the mean over classes; "
                                "rename the folder");
        }
        add_split("train/good", kNormalType, result.train);
        if (result.train.empty()) {
            problems_.push_back("class " + name_ + " has no images in " +
                                (directory() / "train" / kNormalType).string() +
                                "; put normal .png or .jpg images there or remove the class");
        }
        const fs::path test = directory() / "test";
        if (is_folder(test)) {
            for (const fs::path& type : subdirectories(test, problems_)) {
                const std::string type_name = type.filename().string();
                add_split("test/" + type_name, type_name, result.test);
            }
        }
        if (result.test.empty()) {
            problems_.push_back("class " + name_ + " has no images below " + test.string() +
                                "; put test images in test/good and test/<defect type>");
        }
        return result;
    }

private:
    fs::path directory() const { return root_ / name_; }

    void add_split(const std::string& folder,
                   const std::string& type,
                   std::vector<ImageEntry>& out) {
        const fs::path path = directory() / folder;
        if (!is_folder(path)) {
            return;
        }
        for (const fs::path& file : image_files(path, problems_)) {
            ImageEntry entry;
            entry.relative_path = name_ + "/" + folder + "/" + file.filename().string();
            entry.defect_type = type;
            entry.defective = type != kNormalType;
            const std::optional<ImageSize> size = probe(file, problems_);
            if (entry.defective) {
                entry.mask_path =
                    name_ + "/ground_truth/" + type + "/" + file.stem().string() + "_mask.png";
                check_mask(entry, size);
            }
            out.push_back(std::move(entry));
        }
    }

    void check_mask(const ImageEntry& entry, std::optional<ImageSize> image) {
        const fs::path mask = root_ / entry.mask_path;
        std::error_code ignored;
        if (!fs::exists(mask, ignored)) {
            problems_.push_back("image " + (root_ / entry.relative_path).string() +
                                " is defective but has no mask; expected " + mask.string());
            return;
        }
        const std::optional<ImageSize> size = probe(mask, problems_);
        if (size && image && (size->width != image->width || size->height != image->height)) {
            problems_.push_back(
                mask_size_problem(mask, *size, root_ / entry.relative_path, *image));
        }
    }

    fs::path root_;
    std::string name_;
    Problems& problems_;
};

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// All classes if `wanted` is empty.
void list_mvtec(Dataset& dataset, const std::vector<std::string>& wanted, Problems& problems) {
    for (const fs::path& directory : subdirectories(dataset.root, problems)) {
        const std::string name = directory.filename().string();
        if (!wanted.empty() && !contains(wanted, name)) {
            continue;
        }
        if (is_folder(directory / "train") || is_folder(directory / "test")) {
            MvtecClassReader reader(dataset.root, name, problems);
            dataset.classes.push_back(reader.read());
        }
    }
    if (dataset.classes.empty() && problems.empty() && wanted.empty()) {
        problems.push_back("no classes found in " + dataset.root.string() +
                           "; expected folders <class>/train/good and <class>/test/<type>");
    }
}

std::string unknown_layout_problem(const std::string& layout) {
    std::string text = "unknown data set layout '" + layout + "'; known:";
    const char* separator = " ";
    for (const std::string& name : layouts()) {
        text += separator + name;
        separator = ", ";
    }
    return text;
}

}  // namespace

const std::vector<std::string>& layouts() {
    static const std::vector<std::string> names = {"mvtec"};
    return names;
}

DatasetListing list_dataset(const std::string& layout,
                            const fs::path& root,
                            const std::vector<std::string>& wanted) {
    DatasetListing listing{{root, layout, {}}, {}};
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    if (!contains(layouts(), layout)) {
        listing.problems.push_back(unknown_layout_problem(layout));
    } else if (root.empty()) {
        listing.problems.emplace_back(
            "no data set root given; set data.root to the folder that holds the classes");
    } else if (!fs::exists(status)) {
        listing.problems.push_back("data set root " + root.string() +
                                   " does not exist; set data.root to the folder that holds the "
                                   "classes, or make one with `harrow data synth`");
    } else if (!fs::is_directory(status)) {
        listing.problems.push_back("data set root " + root.string() +
                                   " is not a directory; set data.root to the folder that holds "
                                   "the classes");
    } else {
        list_mvtec(listing.dataset, wanted, listing.problems);
    }
    return listing;
}

std::vector<std::uint8_t> load_mask(const Dataset& dataset, const ImageEntry& image, int size) {
    if (!image.defective) {
        return std::vector<std::uint8_t>(static_cast<std::size_t>(size) * size, 0);
    }
    const fs::path image_path = dataset.root / image.relative_path;
    if (image.mask_path.empty()) {
        throw sweeps::DataError("image " + image_path.string() +
                                " is defective but has no mask; add one or move the image");
    }
    const fs::path mask_path = dataset.root / image.mask_path;
    const Image mask = read_image(mask_path);
    const ImageSize expected = probe_image(image_path);
    if (mask.width != expected.width || mask.height != expected.height) {
        throw sweeps::DataError(
            mask_size_problem(mask_path, {mask.width, mask.height}, image_path, expected));
    }
    return preprocess_mask(mask, size);
}

}  // namespace harrow::storage
