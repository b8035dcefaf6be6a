#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/unique_handle.hpp"

/// HDF5 behind move-only handles and checked calls. The library must be used by one thread of a
/// process at a time (Debian's build locks inside; others may not).
namespace harrow::storage {

/// HDF5's hid_t; hdf5.cpp asserts that the types agree.
using Hdf5Id = std::int64_t;

enum class Hdf5Kind { File, Dataset, Space, Datatype, Attribute, PropertyList, Group };

void close_hdf5(Hdf5Kind kind, Hdf5Id id) noexcept;

template <Hdf5Kind kind>
struct Hdf5Traits {
    using Type = Hdf5Id;
    static Type null() noexcept { return -1; }
    static void close(Type id) noexcept { close_hdf5(kind, id); }
};
using H5File = sweeps::UniqueHandle<Hdf5Traits<Hdf5Kind::File>>;
using H5Dataset = sweeps::UniqueHandle<Hdf5Traits<Hdf5Kind::Dataset>>;
using H5Space = sweeps::UniqueHandle<Hdf5Traits<Hdf5Kind::Space>>;
using H5Datatype = sweeps::UniqueHandle<Hdf5Traits<Hdf5Kind::Datatype>>;
using H5Attribute = sweeps::UniqueHandle<Hdf5Traits<Hdf5Kind::Attribute>>;
using H5PropertyList = sweeps::UniqueHandle<Hdf5Traits<Hdf5Kind::PropertyList>>;
using H5Group = sweeps::UniqueHandle<Hdf5Traits<Hdf5Kind::Group>>;

/// Turns off HDF5's own printing of errors to standard error for its lifetime.
class QuietHdf5 {
public:
    QuietHdf5();
    ~QuietHdf5();
    QuietHdf5(const QuietHdf5&) = delete;
    QuietHdf5& operator=(const QuietHdf5&) = delete;

private:
    void* function_ = nullptr;
    void* data_ = nullptr;
};

/// Throws StorageError "cannot <action>: <HDF5 error stack in one line>".
[[noreturn]] void throw_hdf5_error(const std::string& action);

/// The one way HDF5 results are checked: negative results throw, others are handed on.
template <typename Result>
Result check_hdf5(Result result, const std::string& action) {
    if (result < 0) {
        throw_hdf5_error(action);
    }
    return result;
}

/// Array sizes, slowest dimension first.
using Hdf5Shape = std::vector<std::uint64_t>;

/// A new file in memory; image_of() gives its bytes. Nothing touches the disk.
H5File create_hdf5_in_memory();
/// Bytes of a complete HDF5 file. `file` stays open.
std::string image_of(const H5File& file);
/// Opens the bytes of an HDF5 file, read-only. `name` is used in messages only.
H5File open_hdf5_image(std::string image, const std::string& name);
/// The same without a copy: `bytes` must stay as they are for as long as the file is open, and only
/// what is read of them is touched.
H5File open_hdf5_view(const void* bytes, std::size_t count, const std::string& name);

H5Group create_group(Hdf5Id location, const std::string& name);
H5Group open_group(Hdf5Id location, const std::string& name);
/// Whether there is a group or dataset of this name.
bool has_link(Hdf5Id location, const std::string& name);

/// Small values as attributes. Text is fixed-length UTF-8, at most 60 KiB (HDF5 1.10 refuses
/// attributes over 64 KiB); longer text belongs into write_strings.
void write_attribute(Hdf5Id location, const std::string& name, std::int64_t value);
void write_attribute(Hdf5Id location, const std::string& name, const std::string& value);
std::int64_t read_int_attribute(Hdf5Id location, const std::string& name);
std::string read_text_attribute(Hdf5Id location, const std::string& name);
bool has_attribute(Hdf5Id location, const std::string& name);

/// One-dimensional dataset of fixed-length UTF-8 strings, none with an embedded NUL.
void write_strings(Hdf5Id location,
                   const std::string& name,
                   const std::vector<std::string>& values);
/// Throws StorageError unless there are exactly `count` strings.
std::vector<std::string> read_strings(Hdf5Id location,
                                      const std::string& name,
                                      std::uint64_t count);

/// Contiguous dataset of float, double, int32 or uint64, and back. Reading throws StorageError
/// unless the stored shape is `shape`; nothing is allocated before that check.
template <typename Value>
void write_array(Hdf5Id location,
                 const std::string& name,
                 const Hdf5Shape& shape,
                 const std::vector<Value>& values);
template <typename Value>
std::vector<Value> read_array(Hdf5Id location, const std::string& name, const Hdf5Shape& shape);

}  // namespace harrow::storage
