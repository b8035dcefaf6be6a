#include "storage/score_map_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <type_traits>

#include <hdf5.h>
#include <unistd.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

constexpr std::uint64_t kMaxSide = 65536;
constexpr std::uint64_t kMaxPixels = 4'000'000'000;  ///< areas under curves are sums of 64 bits
constexpr std::size_t kBlockBytes = std::size_t{32} << 20;
constexpr std::uint64_t kMaxInflation = 1100;  ///< deflate makes at most 1032 bytes of one

std::string shape_text(const std::vector<hsize_t>& shape) {
    std::string text;
    for (const hsize_t size : shape) {
        text += (text.empty() ? "[" : ", ") + std::to_string(size);
    }
    return text.empty() ? "one value" : text + "]";
}

std::vector<hsize_t> shape_of(const H5Dataset& dataset, const std::string& name) {
    const H5Space space(check_hdf5(H5Dget_space(dataset.get()), "inspect " + name));
    if (H5Sget_simple_extent_type(space.get()) != H5S_SIMPLE) {
        return {};
    }
    const int rank = check_hdf5(H5Sget_simple_extent_ndims(space.get()), "inspect " + name);
    std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
    check_hdf5(H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr), "inspect " + name);
    return shape;
}

std::string type_text(hid_t type) {
    const std::string bits = std::to_string(8 * H5Tget_size(type));
    switch (H5Tget_class(type)) {
        case H5T_INTEGER:
            return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + bits;
        case H5T_FLOAT:
            return "float" + bits;
        case H5T_STRING:
            return "text";
        case H5T_ENUM:
            return "an enumeration of " + bits + " bits";
        case H5T_COMPOUND:
            return "a compound of " + bits + " bits";
        default:
            return "another type";
    }
}

/// An unsigned byte, or a bool as h5py stores it: an enumeration of one signed byte.
bool is_byte(hid_t type) {
    const H5T_class_t kind = H5Tget_class(type);
    return H5Tget_size(type) == 1 &&
           ((kind == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE) || kind == H5T_ENUM);
}

bool is_float32(hid_t type) {
    return H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == sizeof(float) &&
           (H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0);
}

/// The type to read a dataset as: its own where it is an enumeration, which has no conversion.
template <typename Value>
H5Datatype memory_type(const H5Dataset& dataset, const std::string& name) {
    if constexpr (std::is_same_v<Value, float>) {
        return H5Datatype(check_hdf5(H5Tcopy(H5T_NATIVE_FLOAT), "make a type"));
    } else {
        H5Datatype stored(check_hdf5(H5Dget_type(dataset.get()), "inspect " + name));
        return H5Tget_class(stored.get()) == H5T_ENUM
                   ? std::move(stored)
                   : H5Datatype(check_hdf5(H5Tcopy(H5T_NATIVE_UINT8), "make a type"));
    }
}

/// Images first … first + images - 1.
template <typename Value>
void read_images(const H5Dataset& dataset,
                 const std::string& name,
                 const std::vector<hsize_t>& shape,
                 std::size_t first,
                 std::size_t images,
                 Value* to) {
    std::vector<hsize_t> start(shape.size(), 0), count = shape;
    start[0] = first;
    count[0] = images;
    const H5Space file(check_hdf5(H5Dget_space(dataset.get()), "inspect " + name));
    check_hdf5(H5Sselect_hyperslab(
                   file.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
               "select a part of " + name);
    const H5Space memory(
        check_hdf5(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                   "make a data space"));
    const H5Datatype type = memory_type<Value>(dataset, name);
    check_hdf5(H5Dread(dataset.get(), type.get(), memory.get(), file.get(), H5P_DEFAULT, to),
               "read " + name);
}

}  // namespace

void ScoreMapFile::refuse(const std::string& message) const {
    throw sweeps::UsageError({sweeps::Problem{path_.string(), 0, "", message}});
}

void ScoreMapFile::require_type(const H5Dataset& dataset,
                                const std::string& name,
                                bool is_float) const {
    const H5Datatype type(check_hdf5(H5Dget_type(dataset.get()), "inspect " + name));
    if (is_float ? !is_float32(type.get()) : !is_byte(type.get())) {
        const std::string expected = is_float ? "float32" : "uint8";
        refuse("dataset " + name + " is " + type_text(type.get()) + " where " + expected +
               " was expected; write it with .astype('" + expected + "')");
    }
    const H5PropertyList creation(
        check_hdf5(H5Dget_create_plist(dataset.get()), "inspect " + name));
    if (H5Pget_layout(creation.get()) == H5D_VIRTUAL || H5Pget_external_count(creation.get()) > 0) {
        refuse("dataset " + name + " is kept in other files; write its values into this one");
    }
}

bool ScoreMapFile::has(const std::string& name) const {
    if (H5Lexists(file_.get(), name.c_str(), H5P_DEFAULT) <= 0) {
        return false;
    }
    H5L_info_t link;
    check_hdf5(H5Lget_info(file_.get(), name.c_str(), &link, H5P_DEFAULT), "inspect " + name);
    if (link.type != H5L_TYPE_HARD) {
        refuse("dataset " + name + " is a link; write its values into this file under that name");
    }
    return true;
}

H5Dataset ScoreMapFile::open_maps(const std::string& name, bool is_float) {
    if (!has(name)) {
        refuse("there is no dataset " + name +
               "; expected are scores [N, H, W] float32, masks [N, H, W] uint8, labels [N] uint8 "
               "and perhaps image_scores [N] float32");
    }
    H5Dataset dataset(check_hdf5(H5Dopen2(file_.get(), name.c_str(), H5P_DEFAULT), "open " + name));
    require_type(dataset, name, is_float);
    const std::vector<hsize_t> shape = shape_of(dataset, name);
    if (shape.size() != 3) {
        refuse("dataset " + name + " is " + shape_text(shape) +
               " where [images, height, width] was expected");
    }
    if (is_float) {
        const hsize_t images = shape[0], height = shape[1], width = shape[2];
        if (images == 0 || height == 0 || width == 0 || height > kMaxSide || width > kMaxSide ||
            images > kMaxPixels / (height * width)) {
            refuse("dataset " + name + " is " + shape_text(shape) +
                   "; it must hold a pixel, no side above 65536 and at most 4e9 pixels (one class "
                   "a file)");
        }
        images_ = images;
        height_ = static_cast<int>(height);
        width_ = static_cast<int>(width);
    } else if (shape != std::vector<hsize_t>{
                            images_, static_cast<hsize_t>(height_), static_cast<hsize_t>(width_)}) {
        refuse("dataset " + name + " is " + shape_text(shape) + ", scores are [" +
               std::to_string(images_) + ", " + std::to_string(height_) + ", " +
               std::to_string(width_) + "]; they must agree");
    }
    if (H5Dget_storage_size(dataset.get()) == 0) {
        refuse("dataset " + name + " was never written");
    }
    // Masks may well be nearly empty, and are smaller than scores.
    if (is_float && H5Dget_storage_size(dataset.get()) < pixels() * sizeof(float) / kMaxInflation) {
        refuse("dataset " + name + " is " + shape_text(shape) + ", and only " +
               std::to_string(H5Dget_storage_size(dataset.get())) +
               " bytes of it are stored: most of it was never written");
    }
    return dataset;
}

template <typename Value>
std::optional<std::vector<Value>> ScoreMapFile::read_per_image(const std::string& name) const {
    if (!has(name)) {
        return std::nullopt;
    }
    const H5Dataset dataset(
        check_hdf5(H5Dopen2(file_.get(), name.c_str(), H5P_DEFAULT), "open " + name));
    require_type(dataset, name, std::is_same_v<Value, float>);
    const std::vector<hsize_t> shape = shape_of(dataset, name);
    if (shape != std::vector<hsize_t>{images_}) {
        refuse("dataset " + name + " is " + shape_text(shape) + " where one value for each of " +
               std::to_string(images_) + " images was expected");
    }
    std::vector<Value> values(images_);
    read_images(dataset, name, shape, 0, images_, values.data());
    return values;
}

ScoreMapFile::ScoreMapFile(const std::filesystem::path& path) : path_(path) {
    const FileLook look = look_at_file(path);
    if (look.presence != FileLook::Presence::Regular) {
        refuse("the file " + look.why);
    }
    if (::access(path.c_str(), R_OK) != 0) {
        throw_io_error("read", path, errno);
    }
    const QuietHdf5 quiet;
    try {
        const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
        if (file < 0) {
            refuse("this is no HDF5 file, or a damaged one");
        }
        file_ = H5File(file);
        scores_ = open_maps("scores", true);
        masks_ = open_maps("masks", false);
        image_scores_ = read_per_image<float>("image_scores");
        labels_ = read_per_image<std::uint8_t>("labels");
    } catch (const sweeps::StorageError& reason) {
        refuse(reason.what());
    }
    for (std::size_t image = 0; image_scores_ && image < images_; ++image) {
        if (!std::isfinite((*image_scores_)[image])) {
            refuse("dataset image_scores: image " + std::to_string(image) +
                   " is NaN or infinite; nothing can be ranked");
        }
    }
}

std::size_t ScoreMapFile::pixels() const noexcept {
    return images_ * static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_);
}

void ScoreMapFile::require_finite(const float* scores,
                                  std::size_t count,
                                  std::size_t first_image) const {
    const float* const bad =
        std::find_if(scores, scores + count, [](float score) { return !std::isfinite(score); });
    if (bad == scores + count) {
        return;
    }
    const auto at = static_cast<std::size_t>(bad - scores);
    const auto width = static_cast<std::size_t>(width_);
    const std::size_t pixels = static_cast<std::size_t>(height_) * width;
    refuse("dataset scores: image " + std::to_string(first_image + at / pixels) + ", row " +
           std::to_string(at % pixels / width) + ", column " + std::to_string(at % width) +
           " is NaN or infinite; nothing can be ranked");
}

void ScoreMapFile::visit(const std::function<void(const ScoreMapBlock&)>& visit) const {
    const QuietHdf5 quiet;
    const std::size_t pixels = static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_);
    const std::size_t images =
        std::clamp<std::size_t>(kBlockBytes / (pixels * sizeof(float)), 1, images_);
    std::vector<float> scores(images * pixels);
    std::vector<std::uint8_t> masks(images * pixels);
    const std::vector<hsize_t> shape = {
        images_, static_cast<hsize_t>(height_), static_cast<hsize_t>(width_)};
    for (std::size_t first = 0; first < images_; first += images) {
        const std::size_t count = std::min(images, images_ - first);
        try {
            read_images(scores_, "scores", shape, first, count, scores.data());
            read_images(masks_, "masks", shape, first, count, masks.data());
        } catch (const sweeps::StorageError& reason) {
            refuse(reason.what());
        }
        require_finite(scores.data(), count * pixels, first);
        visit({first, count, scores.data(), masks.data()});
    }
}

}  // namespace harrow::storage
