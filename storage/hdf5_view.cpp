#include <cstddef>

#include <hdf5.h>

#include "storage/hdf5.hpp"

namespace harrow::storage {

namespace {

// HDF5 would copy an image for its property list and again for the file. These hand out the
// caller's bytes each time and free nothing (H5Pset_file_image_callbacks, "no copy" use).

void* lend(std::size_t /*bytes*/, H5FD_file_image_op_t /*purpose*/, void* image) {
    return image;
}

void* keep(void* target,
           const void* /*source*/,
           std::size_t /*bytes*/,
           H5FD_file_image_op_t /*purpose*/,
           void* /*image*/) {
    return target;
}

herr_t leave(void* /*memory*/, H5FD_file_image_op_t /*purpose*/, void* /*image*/) {
    return 0;
}

void* share_owner(void* image) {
    return image;
}

herr_t leave_owner(void* /*image*/) {
    return 0;
}

}  // namespace

H5File open_hdf5_view(const void* bytes, std::size_t count, const std::string& name) {
    const H5PropertyList access(check_hdf5(H5Pcreate(H5P_FILE_ACCESS), "make file properties"));
    constexpr std::size_t kGrowth = 1U << 20;  // never needed: the file is read-only
    check_hdf5(H5Pset_fapl_core(access.get(), kGrowth, 0), "keep a file in memory");
    auto* const image = const_cast<void*>(bytes);  // HDF5 has no read-only images, only files
    H5FD_file_image_callbacks_t callbacks = {
        lend, keep, nullptr, leave, share_owner, leave_owner, image};
    check_hdf5(H5Pset_file_image_callbacks(access.get(), &callbacks), "open " + name);
    check_hdf5(H5Pset_file_image(access.get(), image, count), "open " + name);
    // The driver refuses an image under the name of a file that exists.
    const std::string unused_name = name + "#image";
    return H5File(
        check_hdf5(H5Fopen(unused_name.c_str(), H5F_ACC_RDONLY, access.get()), "open " + name));
}

}  // namespace harrow::storage
