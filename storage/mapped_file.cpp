#include "storage/mapped_file.hpp"

#include <cerrno>
#include <utility>

#include <sys/mman.h>
#include <sys/stat.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

MappedRange::MappedRange(int descriptor,
                         std::uint64_t offset,
                         std::size_t bytes,
                         const std::filesystem::path& path) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        throw sweeps::StorageError(io_error_text("inspect", path, errno));
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (bytes == 0 || offset > size || bytes > size - offset) {
        throw sweeps::StorageError("cannot map " + path.string() + ": it has " +
                                   std::to_string(size) + " bytes, too few for " +
                                   std::to_string(bytes) + " at " + std::to_string(offset));
    }
    void* const address =
        ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, static_cast<off_t>(offset));
    if (address == MAP_FAILED) {
        throw sweeps::StorageError(io_error_text("map", path, errno));
    }
    data_ = address;
    bytes_ = bytes;
}

MappedRange::MappedRange(MappedRange&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MappedRange& MappedRange::operator=(MappedRange&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

MappedRange::~MappedRange() {
    if (data_ != nullptr) {
        ::munmap(data_, bytes_);
    }
}

}  // namespace harrow::storage
