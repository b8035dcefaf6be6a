#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"

namespace harrow::storage {

inline constexpr const char* kNormalType = "good";

/// What a layout gives for a defective image whose mask file is absent.
enum class MissingMask { Problem, Zero };

/// A listing under construction: what the readers of all layouts share. What is wrong with the disk
/// becomes a problem of the listing; nothing is thrown.
class ListingBuilder {
public:
    ListingBuilder(std::string layout,
                   const std::filesystem::path& root,
                   const std::vector<std::string>& wanted,
                   Headers headers);

    const std::filesystem::path& root() const { return listing_.dataset.root; }
    /// Where the paths of the listing start, when that is not what the user gave.
    void set_root(std::filesystem::path root) { listing_.dataset.root = std::move(root); }
    bool wants(const std::string& class_name) const;
    bool wants_all() const { return wanted_.empty(); }

    void problem(std::string text) { listing_.problems.push_back(std::move(text)); }
    void note(std::string text) { listing_.notes.push_back(std::move(text)); }
    bool has_problems() const { return !listing_.problems.empty(); }
    bool has_classes() const { return !listing_.dataset.classes.empty(); }

    /// Sorted by name, hidden ones left out.
    std::vector<std::filesystem::path> subdirectories(const std::filesystem::path& directory);
    /// .png, .jpg and .jpeg, whatever the case; no pipes.
    std::vector<std::filesystem::path> image_files(const std::filesystem::path& directory);

    /// Gives a defective image the mask at `mask_path`, relative to the root, or an all-zero one
    /// where it is absent and may be. A mask that cannot be told or used is always a problem.
    void set_mask(ImageEntry& image, const std::string& mask_path, MissingMask missing);

    /// Appends an image after a look at its own and its mask's header. `place` stands before every
    /// problem found. The mask's file, if it has one, exists.
    void add_image(ImageEntry entry, std::vector<ImageEntry>& split, const std::string& place = "");
    /// A class with a name that no row, key or message could carry is a problem: "mean", control
    /// characters, bytes that are no UTF-8. `where` names its folder or line.
    void add_class(DatasetClass found, const std::string& where);

    DatasetListing finish();

private:
    std::vector<std::filesystem::path> entries(const std::filesystem::path& directory);
    std::optional<ImageSize> probe(const std::filesystem::path& path, const std::string& place);

    DatasetListing listing_;
    std::vector<std::string> wanted_;
    Headers headers_;
};

bool is_folder(const std::filesystem::path& path);
/// ".png" of "A.PNG".
std::string lower_extension(const std::filesystem::path& path);
std::string mask_size_problem(const std::filesystem::path& mask_path,
                              ImageSize mask,
                              const std::filesystem::path& image_path,
                              ImageSize image);

void list_mvtec(ListingBuilder& builder);
void list_mpdd(ListingBuilder& builder);
void list_mvtec_ad2(ListingBuilder& builder);
void list_visa(ListingBuilder& builder);
void list_csv(ListingBuilder& builder);
/// <class>/train/good/*, <class>/test/<type>/*, <class>/ground_truth/<type>/<stem>_mask.png.
void list_class_folders(ListingBuilder& builder, MissingMask missing_mask);

/// Parts of a path that path_in_split leaves out.
std::string_view without_folders(std::string_view path, int count);
std::string_view path_in_mvtec_ad2_split(std::string_view path);

}  // namespace harrow::storage
