#include "storage/hdf5.hpp"

#include <algorithm>
#include <type_traits>

#include <hdf5.h>

#include "sweeps/error.hpp"

namespace harrow::storage {

static_assert(std::is_same_v<hid_t, Hdf5Id>, "HDF5 identifiers are 64-bit since 1.10");

namespace {

using sweeps::StorageError;

constexpr std::size_t kMaxTextAttribute = 60U << 10;

herr_t append_description(unsigned, const H5E_error2_t* entry, void* out) {
    std::string& text = *static_cast<std::string*>(out);
    const std::string description = entry->desc != nullptr ? entry->desc : "";
    if (!description.empty()) {
        text += (text.empty() ? "" : ": ") + description;
    }
    return 0;
}

/// The error stack from the failed call down to its cause.
std::string error_stack() {
    std::string text;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, append_description, &text);
    H5Eclear2(H5E_DEFAULT);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.empty() ? "HDF5 gives no reason" : text;
}

std::string object_name(Hdf5Id location) {
    std::string name(256, '\0');
    const ssize_t length = H5Iget_name(location, name.data(), name.size());
    name.resize(length > 0 ? std::min<std::size_t>(length, name.size() - 1) : 0);
    return name;
}

template <typename Value>
hid_t native_type() {
    if constexpr (std::is_same_v<Value, float>) {
        return H5T_NATIVE_FLOAT;
    } else if constexpr (std::is_same_v<Value, double>) {
        return H5T_NATIVE_DOUBLE;
    } else if constexpr (std::is_same_v<Value, std::int32_t>) {
        return H5T_NATIVE_INT32;
    } else {
        static_assert(std::is_same_v<Value, std::uint64_t>);
        return H5T_NATIVE_UINT64;
    }
}

H5Datatype text_type(std::size_t bytes) {
    H5Datatype type(check_hdf5(H5Tcopy(H5T_C_S1), "make a string type"));
    check_hdf5(H5Tset_size(type.get(), std::max<std::size_t>(bytes, 1)), "size a string type");
    check_hdf5(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "pad a string type");
    check_hdf5(H5Tset_cset(type.get(), H5T_CSET_UTF8), "encode a string type");
    return type;
}

H5Space space_of(const Hdf5Shape& shape) {
    std::vector<hsize_t> sizes(shape.begin(), shape.end());
    return H5Space(
        check_hdf5(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
                   "make a data space"));
}

Hdf5Shape shape_of(Hdf5Id dataset, const std::string& name) {
    const H5Space space(check_hdf5(H5Dget_space(dataset), "inspect " + name));
    const int rank = check_hdf5(H5Sget_simple_extent_ndims(space.get()), "inspect " + name);
    std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
    check_hdf5(H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr), "inspect " + name);
    return Hdf5Shape(sizes.begin(), sizes.end());
}

std::string shape_text(const Hdf5Shape& shape) {
    std::string text;
    for (const std::uint64_t size : shape) {
        text += (text.empty() ? "[" : ", ") + std::to_string(size);
    }
    return text.empty() ? "scalar" : text + "]";
}

void require_shape(Hdf5Id dataset, const std::string& name, const Hdf5Shape& expected) {
    const Hdf5Shape stored = shape_of(dataset, name);
    if (stored != expected) {
        throw StorageError("dataset " + name + " is " + shape_text(stored) + " where " +
                           shape_text(expected) + " was expected");
    }
}

/// Number of bytes of an array; throws when that is more than the file holds.
std::size_t bounded_bytes(Hdf5Id location,
                          const std::string& name,
                          const Hdf5Shape& shape,
                          std::size_t value_bytes) {
    const H5File file(check_hdf5(H5Iget_file_id(location), "find the file of " + name));
    hsize_t file_bytes = 0;
    check_hdf5(H5Fget_filesize(file.get(), &file_bytes), "measure the file of " + name);
    std::uint64_t bytes = value_bytes;
    for (const std::uint64_t size : shape) {
        if (size != 0 && bytes > file_bytes / size) {
            throw StorageError("dataset " + name + " of shape " + shape_text(shape) +
                               " cannot fit into a file of " + std::to_string(file_bytes) +
                               " bytes");
        }
        bytes *= size;
    }
    return static_cast<std::size_t>(bytes);
}

H5Dataset open_dataset(Hdf5Id location, const std::string& name) {
    return H5Dataset(check_hdf5(H5Dopen2(location, name.c_str(), H5P_DEFAULT),
                                "open dataset " + object_name(location) + "/" + name));
}

/// Without times of change, so that equal content gives equal bytes.
H5Dataset create_dataset(Hdf5Id location,
                         const std::string& name,
                         Hdf5Id type,
                         const H5Space& space) {
    const H5PropertyList creation(
        check_hdf5(H5Pcreate(H5P_DATASET_CREATE), "make dataset properties"));
    check_hdf5(H5Pset_obj_track_times(creation.get(), false), "make dataset properties");
    return H5Dataset(check_hdf5(
        H5Dcreate2(
            location, name.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
        "create dataset " + name));
}

H5PropertyList memory_access() {
    H5PropertyList access(check_hdf5(H5Pcreate(H5P_FILE_ACCESS), "make file properties"));
    constexpr std::size_t kGrowth = 1U << 20;
    check_hdf5(H5Pset_fapl_core(access.get(), kGrowth, 0), "keep a file in memory");
    return access;
}

H5Attribute create_attribute(Hdf5Id location, const std::string& name, Hdf5Id type) {
    const H5Space space(check_hdf5(H5Screate(H5S_SCALAR), "make a scalar space"));
    return H5Attribute(
        check_hdf5(H5Acreate2(location, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                   "create attribute " + name));
}

/// Opens a scalar attribute.
H5Attribute open_attribute(Hdf5Id location, const std::string& name) {
    H5Attribute attribute(
        check_hdf5(H5Aopen(location, name.c_str(), H5P_DEFAULT), "open attribute " + name));
    const H5Space space(check_hdf5(H5Aget_space(attribute.get()), "inspect attribute " + name));
    if (H5Sget_simple_extent_npoints(space.get()) != 1) {
        throw StorageError("attribute " + name + " is not one value");
    }
    return attribute;
}

/// Throws unless `type` is a fixed-length string.
void require_fixed_text(Hdf5Id type, const std::string& name) {
    if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0) {
        throw StorageError(name + " is not fixed-length text");
    }
}

std::string without_padding(const char* bytes, std::size_t size) {
    return std::string(bytes, std::find(bytes, bytes + size, '\0'));
}

}  // namespace

void close_hdf5(Hdf5Kind kind, Hdf5Id id) noexcept {
    switch (kind) {
        case Hdf5Kind::File:
            H5Fclose(id);
            break;
        case Hdf5Kind::Dataset:
            H5Dclose(id);
            break;
        case Hdf5Kind::Space:
            H5Sclose(id);
            break;
        case Hdf5Kind::Datatype:
            H5Tclose(id);
            break;
        case Hdf5Kind::Attribute:
            H5Aclose(id);
            break;
        case Hdf5Kind::PropertyList:
            H5Pclose(id);
            break;
        case Hdf5Kind::Group:
            H5Gclose(id);
            break;
    }
}

QuietHdf5::QuietHdf5() {
    H5E_auto2_t function = nullptr;
    H5Eget_auto2(H5E_DEFAULT, &function, &data_);
    function_ = reinterpret_cast<void*>(function);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

QuietHdf5::~QuietHdf5() {
    H5Eset_auto2(H5E_DEFAULT, reinterpret_cast<H5E_auto2_t>(function_), data_);
}

void throw_hdf5_error(const std::string& action) {
    throw StorageError("cannot " + action + ": " + error_stack());
}

H5File create_hdf5_in_memory() {
    const H5PropertyList access = memory_access();
    return H5File(check_hdf5(H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()),
                             "create a file in memory"));
}

std::string image_of(const H5File& file) {
    check_hdf5(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), "flush a file in memory");
    const ssize_t size = check_hdf5(H5Fget_file_image(file.get(), nullptr, 0), "measure a file");
    std::string image(static_cast<std::size_t>(size), '\0');
    check_hdf5(H5Fget_file_image(file.get(), image.data(), image.size()), "copy a file");
    return image;
}

H5File open_hdf5_image(std::string image, const std::string& name) {
    const H5PropertyList access = memory_access();
    check_hdf5(H5Pset_file_image(access.get(), image.data(), image.size()), "open " + name);
    // The driver refuses an image under the name of a file that exists.
    const std::string unused_name = name + "#image";
    return H5File(
        check_hdf5(H5Fopen(unused_name.c_str(), H5F_ACC_RDONLY, access.get()), "open " + name));
}

H5Group create_group(Hdf5Id location, const std::string& name) {
    return H5Group(
        check_hdf5(H5Gcreate2(location, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                   "create group " + name));
}

H5Group open_group(Hdf5Id location, const std::string& name) {
    return H5Group(check_hdf5(H5Gopen2(location, name.c_str(), H5P_DEFAULT), "open group " + name));
}

bool has_link(Hdf5Id location, const std::string& name) {
    return check_hdf5(H5Lexists(location, name.c_str(), H5P_DEFAULT), "look for " + name) > 0;
}

void write_attribute(Hdf5Id location, const std::string& name, std::int64_t value) {
    const H5Attribute attribute = create_attribute(location, name, H5T_STD_I64LE);
    check_hdf5(H5Awrite(attribute.get(), H5T_NATIVE_INT64, &value), "write attribute " + name);
}

void write_attribute(Hdf5Id location, const std::string& name, const std::string& value) {
    if (value.size() > kMaxTextAttribute || value.find('\0') != std::string::npos) {
        throw StorageError("attribute " + name + " cannot be stored: its text has " +
                           std::to_string(value.size()) + " bytes (at most " +
                           std::to_string(kMaxTextAttribute) + ") or holds a NUL");
    }
    const H5Datatype type = text_type(value.size());
    const H5Attribute attribute = create_attribute(location, name, type.get());
    check_hdf5(H5Awrite(attribute.get(), type.get(), value.c_str()), "write attribute " + name);
}

std::int64_t read_int_attribute(Hdf5Id location, const std::string& name) {
    const H5Attribute attribute = open_attribute(location, name);
    std::int64_t value = 0;
    check_hdf5(H5Aread(attribute.get(), H5T_NATIVE_INT64, &value), "read attribute " + name);
    return value;
}

std::string read_text_attribute(Hdf5Id location, const std::string& name) {
    const H5Attribute attribute = open_attribute(location, name);
    const H5Datatype type(check_hdf5(H5Aget_type(attribute.get()), "inspect attribute " + name));
    require_fixed_text(type.get(), "attribute " + name);
    const std::size_t size = H5Tget_size(type.get());
    if (size > kMaxTextAttribute) {
        throw StorageError("attribute " + name + " is too long");
    }
    std::string value(size, '\0');
    check_hdf5(H5Aread(attribute.get(), type.get(), value.data()), "read attribute " + name);
    return without_padding(value.data(), value.size());
}

bool has_attribute(Hdf5Id location, const std::string& name) {
    return check_hdf5(H5Aexists(location, name.c_str()), "look for attribute " + name) > 0;
}

void write_strings(Hdf5Id location,
                   const std::string& name,
                   const std::vector<std::string>& values) {
    std::size_t width = 1;
    for (const std::string& value : values) {
        if (value.find('\0') != std::string::npos) {
            throw StorageError("dataset " + name + " cannot be stored: a text holds a NUL");
        }
        width = std::max(width, value.size());
    }
    std::string bytes(width * values.size(), '\0');
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::copy(values[i].begin(), values[i].end(), bytes.begin() + i * width);
    }
    const H5Datatype type = text_type(width);
    const H5Space space = space_of({values.size()});
    const H5Dataset dataset = create_dataset(location, name, type.get(), space);
    check_hdf5(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()),
               "write dataset " + name);
}

std::vector<std::string> read_strings(Hdf5Id location,
                                      const std::string& name,
                                      std::uint64_t count) {
    const H5Dataset dataset = open_dataset(location, name);
    const H5Datatype type(check_hdf5(H5Dget_type(dataset.get()), "inspect dataset " + name));
    require_fixed_text(type.get(), "dataset " + name);
    require_shape(dataset.get(), name, {count});
    const std::size_t width = H5Tget_size(type.get());
    std::string bytes(bounded_bytes(location, name, {count}, width), '\0');
    check_hdf5(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()),
               "read dataset " + name);
    std::vector<std::string> values;
    values.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
        values.push_back(without_padding(bytes.data() + i * width, width));
    }
    return values;
}

template <typename Value>
void write_array(Hdf5Id location,
                 const std::string& name,
                 const Hdf5Shape& shape,
                 const std::vector<Value>& values) {
    const H5Space space = space_of(shape);
    const H5Dataset dataset = create_dataset(location, name, native_type<Value>(), space);
    check_hdf5(
        H5Dwrite(dataset.get(), native_type<Value>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
        "write dataset " + name);
}

template <typename Value>
std::vector<Value> read_array(Hdf5Id location, const std::string& name, const Hdf5Shape& shape) {
    const H5Dataset dataset = open_dataset(location, name);
    require_shape(dataset.get(), name, shape);
    std::vector<Value> values(bounded_bytes(location, name, shape, sizeof(Value)) / sizeof(Value));
    check_hdf5(
        H5Dread(dataset.get(), native_type<Value>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
        "read dataset " + name);
    return values;
}

template void write_array(Hdf5Id, const std::string&, const Hdf5Shape&, const std::vector<float>&);
template void write_array(Hdf5Id, const std::string&, const Hdf5Shape&, const std::vector<double>&);
template void write_array(Hdf5Id,
                          const std::string&,
                          const Hdf5Shape&,
                          const std::vector<std::int32_t>&);
template void write_array(Hdf5Id,
                          const std::string&,
                          const Hdf5Shape&,
                          const std::vector<std::uint64_t>&);
template std::vector<float> read_array(Hdf5Id, const std::string&, const Hdf5Shape&);
template std::vector<double> read_array(Hdf5Id, const std::string&, const Hdf5Shape&);
template std::vector<std::int32_t> read_array(Hdf5Id, const std::string&, const Hdf5Shape&);
template std::vector<std::uint64_t> read_array(Hdf5Id, const std::string&, const Hdf5Shape&);

}  // namespace harrow::storage
