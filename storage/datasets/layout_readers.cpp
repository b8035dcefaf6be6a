#include "storage/datasets/layout_readers.hpp"

#include <algorithm>
#include <cctype>

#include "storage/files.hpp"
#include "sweeps/error.hpp"
#include "sweeps/utf8.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) {
    return path.filename().string().rfind('.', 0) == 0;
}

bool has_image_name(const fs::path& path) {
    const std::string extension = lower_extension(path);
    return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

std::string size_text(ImageSize size) {
    return std::to_string(size.width) + " x " + std::to_string(size.height);
}

bool is_plain_text(const std::string& name) {
    return sweeps::valid_utf8_prefix(name) == name.size() &&
           std::none_of(name.begin(), name.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte < 0x20 || byte == 0x7f;
           });
}

}  // namespace

bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

std::string lower_extension(const fs::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return extension;
}

std::string mask_size_problem(const fs::path& mask_path,
                              ImageSize mask,
                              const fs::path& image_path,
                              ImageSize image) {
    return "mask " + mask_path.string() + " is " + size_text(mask) + " pixels but its image " +
           image_path.string() + " is " + size_text(image) +
           "; give the mask the size of the image";
}

std::string_view without_folders(std::string_view path, int count) {
    for (int folder = 0; folder < count; ++folder) {
        path.remove_prefix(path.find('/') + 1);
    }
    return path;
}

ListingBuilder::ListingBuilder(std::string layout,
                               const fs::path& root,
                               const std::vector<std::string>& wanted,
                               Headers headers)
    : listing_{{root, std::move(layout), {}}, {}, {}}, wanted_(wanted), headers_(headers) {}

bool ListingBuilder::wants(const std::string& class_name) const {
    return wanted_.empty() ||
           std::find(wanted_.begin(), wanted_.end(), class_name) != wanted_.end();
}

std::vector<fs::path> ListingBuilder::entries(const fs::path& directory) {
    std::vector<fs::path> found;
    std::error_code error;
    fs::directory_iterator iterator(directory, error);
    for (; !error && iterator != fs::directory_iterator(); iterator.increment(error)) {
        if (!is_hidden(iterator->path())) {
            found.push_back(iterator->path());
        }
    }
    if (error) {
        problem("directory " + directory.string() + " cannot be read (" + error.message() +
                "); make it readable");
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<fs::path> ListingBuilder::subdirectories(const fs::path& directory) {
    std::vector<fs::path> found = entries(directory);
    found.erase(
        std::remove_if(found.begin(), found.end(), [](const fs::path& p) { return !is_folder(p); }),
        found.end());
    return found;
}

std::vector<fs::path> ListingBuilder::image_files(const fs::path& directory) {
    std::vector<fs::path> found = entries(directory);
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

std::optional<ImageSize> ListingBuilder::probe(const fs::path& path, const std::string& place) {
    try {
        return probe_image(path);
    } catch (const sweeps::DataError& error) {
        problem(place + error.what());
        return std::nullopt;
    }
}

void ListingBuilder::set_mask(ImageEntry& image,
                              const std::string& mask_path,
                              MissingMask missing) {
    const fs::path path = root() / mask_path;
    const FileLook look = look_at_file(path);
    const std::string subject =
        "image " + (root() / image.relative_path).string() + " is defective but ";
    if (look.presence == FileLook::Presence::Regular) {
        image.mask_path = mask_path;
    } else if (look.presence == FileLook::Presence::Other) {
        problem(subject + "its mask cannot be used: " + path.string() + " " + look.why);
    } else if (missing == MissingMask::Zero) {
        image.mask_is_zero = true;
    } else {
        problem(subject + "has no mask; expected " + path.string());
    }
}

void ListingBuilder::add_image(ImageEntry entry,
                               std::vector<ImageEntry>& split,
                               const std::string& place) {
    if (headers_ == Headers::Read) {
        const fs::path image_path = root() / entry.relative_path;
        const std::optional<ImageSize> image = probe(image_path, place);
        if (!entry.mask_path.empty()) {
            const fs::path mask_path = root() / entry.mask_path;
            const std::optional<ImageSize> mask = probe(mask_path, place);
            if (mask && image && (mask->width != image->width || mask->height != image->height)) {
                problem(place + mask_size_problem(mask_path, *mask, image_path, *image));
            }
        }
    }
    split.push_back(std::move(entry));
}

void ListingBuilder::add_class(DatasetClass found, const std::string& where) {
    if (found.name == "mean") {
        problem(where +
                " cannot be called 'mean': rows use it for the mean over classes; rename it");
    } else if (!is_plain_text(found.name)) {
        problem(where +
                " has control characters or bytes that are no UTF-8 in its name, which no report "
                "could show; rename it");
    }
    listing_.dataset.classes.push_back(std::move(found));
}

DatasetListing ListingBuilder::finish() {
    std::sort(listing_.dataset.classes.begin(),
              listing_.dataset.classes.end(),
              [](const DatasetClass& a, const DatasetClass& b) { return a.name < b.name; });
    return std::move(listing_);
}

}  // namespace harrow::storage
