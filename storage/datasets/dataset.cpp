#include "storage/datasets/dataset.hpp"

#include <algorithm>

#include "storage/datasets/image.hpp"
#include "storage/datasets/layout_readers.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

struct Layout {
    const char* name;
    void (*list)(ListingBuilder&);
    std::string_view (*in_split)(std::string_view path);
    bool root_may_be_a_file;
    const char* root_meaning;  ///< "set data.root to …"
};

constexpr const char* kClassesRoot = "the folder that holds the classes";

const std::vector<Layout>& known_layouts() {
    const auto behind_class_and_split = [](std::string_view path) {
        return without_folders(path, 2);
    };
    static const std::vector<Layout> table = {
        {"mvtec", list_mvtec, behind_class_and_split, false, kClassesRoot},
        {"mpdd", list_mpdd, behind_class_and_split, false, kClassesRoot},
        {"mvtec_ad2", list_mvtec_ad2, path_in_mvtec_ad2_split, false, kClassesRoot},
        {"visa",
         list_visa,
         [](std::string_view path) { return without_folders(path, 1); },
         false,
         "the folder that holds split_csv/1cls.csv"},
        {"csv",
         list_csv,
         [](std::string_view path) { return path; },
         true,
         "the folder that holds dataset.csv, or to another .csv file"},
    };
    return table;
}

const Layout* find_layout(const std::string& name) {
    const std::vector<Layout>& table = known_layouts();
    const auto found = std::find_if(
        table.begin(), table.end(), [&name](const Layout& layout) { return layout.name == name; });
    return found == table.end() ? nullptr : &*found;
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

/// Empty when the root can be listed.
std::string root_problem(const Layout& layout, const fs::path& root) {
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    const std::string cure = std::string("set data.root to ") + layout.root_meaning;
    if (root.empty()) {
        return "no data set root given; " + cure;
    }
    if (status.type() == fs::file_type::none) {
        return "data set root " + root.string() + " cannot be looked at (" + error.message() +
               "); make it readable";
    }
    if (!fs::exists(status)) {
        return "data set root " + root.string() + " does not exist; " + cure +
               ", or make one with `harrow data synth`";
    }
    if (layout.root_may_be_a_file ? !fs::is_directory(status) && !fs::is_regular_file(status)
                                  : !fs::is_directory(status)) {
        return "data set root " + root.string() + " is not a directory; " + cure;
    }
    return "";
}

}  // namespace

const std::vector<std::string>& layouts() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> found;
        for (const Layout& layout : known_layouts()) {
            found.emplace_back(layout.name);
        }
        return found;
    }();
    return names;
}

std::string_view path_in_split(const std::string& layout, std::string_view relative_path) {
    const Layout* known = find_layout(layout);
    return known == nullptr ? relative_path : known->in_split(relative_path);
}

DatasetListing list_dataset(const std::string& layout,
                            const fs::path& root,
                            const std::vector<std::string>& wanted,
                            Headers headers) {
    ListingBuilder builder(layout, root, wanted, headers);
    const Layout* known = find_layout(layout);
    std::string problem =
        known == nullptr ? unknown_layout_problem(layout) : root_problem(*known, root);
    if (problem.empty()) {
        known->list(builder);
    } else {
        builder.problem(std::move(problem));
    }
    return builder.finish();
}

std::vector<std::uint8_t> load_mask(const Dataset& dataset,
                                    const ImageEntry& image,
                                    int size,
                                    Resize resize) {
    if (!image.defective || image.mask_is_zero) {
        return std::vector<std::uint8_t>(static_cast<std::size_t>(size) * size, 0);
    }
    const fs::path image_path = dataset.root / image.relative_path;
    if (image.mask_path.empty()) {
        throw sweeps::DataError("image " + image_path.string() +
                                " is defective but has no mask; add one or move the image");
    }
    const fs::path mask_path = dataset.root / image.mask_path;
    const Image mask = read_mask(mask_path);
    const ImageSize expected = probe_image(image_path);
    if (mask.width != expected.width || mask.height != expected.height) {
        throw sweeps::DataError(
            mask_size_problem(mask_path, {mask.width, mask.height}, image_path, expected));
    }
    return preprocess_mask(mask, size, resize);
}

}  // namespace harrow::storage
