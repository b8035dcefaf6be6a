#include "tests/support/golden_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include <gtest/gtest.h>
#include <hdf5.h>
#include <nlohmann/json.hpp>

#include "sweeps/unique_handle.hpp"

namespace harrow::tests {
namespace {

template <herr_t (*Close)(hid_t)>
struct HandleTraits {
    using Type = hid_t;
    static Type null() noexcept { return H5I_INVALID_HID; }
    static void close(Type handle) noexcept { Close(handle); }
};
using Group = sweeps::UniqueHandle<HandleTraits<H5Gclose>>;
using DataSet = sweeps::UniqueHandle<HandleTraits<H5Dclose>>;
using Space = sweeps::UniqueHandle<HandleTraits<H5Sclose>>;
using Attribute = sweeps::UniqueHandle<HandleTraits<H5Aclose>>;
using DataType = sweeps::UniqueHandle<HandleTraits<H5Tclose>>;
using Object = sweeps::UniqueHandle<HandleTraits<H5Oclose>>;

static_assert(sizeof(hid_t) == sizeof(std::int64_t));

std::string directory() {
    const char* chosen = std::getenv("HARROW_GOLDEN_DIR");
    return chosen != nullptr && *chosen != '\0' ? chosen : HARROW_GOLDEN_DEFAULT_DIR;
}

[[noreturn]] void fail(const std::string& file, const std::string& what) {
    throw std::runtime_error("golden fixture " + file + ": " + what);
}

std::string read_meta(hid_t file, const std::string& path) {
    Attribute attribute(H5Aopen(file, "meta", H5P_DEFAULT));
    DataType type(attribute ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
    if (!type || H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) > 0) {
        fail(path, "root attribute `meta` is missing or no fixed-length string");
    }
    std::string text(H5Tget_size(type.get()), '\0');
    if (H5Aread(attribute.get(), type.get(), text.data()) < 0) {
        fail(path, "cannot read root attribute `meta`");
    }
    return text.substr(0, text.find('\0'));
}

/// The JSON value at "a/b/0" below `root`, or null.
nlohmann::json value_at(const std::string& root, const std::string& path) {
    const nlohmann::json document = nlohmann::json::parse(root);
    const nlohmann::json::json_pointer pointer("/" + path);
    return document.contains(pointer) ? document.at(pointer) : nlohmann::json();
}

herr_t append_name(hid_t /*group*/, const char* name, const H5L_info_t* /*info*/, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

bool is_close(double actual, double expected, double rtol, double atol) {
    if (actual == expected || (std::isnan(actual) && std::isnan(expected))) {
        return true;
    }
    return std::abs(actual - expected) <= atol + rtol * std::abs(expected);
}

template <typename Value>
void compare(const std::vector<Value>& actual,
             const std::vector<float>& expected,
             double rtol,
             double atol,
             const std::string& what) {
    if (actual.size() != expected.size()) {
        ADD_FAILURE() << what << ": " << actual.size() << " values, expected " << expected.size();
        return;
    }
    std::size_t worst = 0;
    double worst_excess = -1.0;
    std::size_t failures = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        if (is_close(actual[i], expected[i], rtol, atol)) {
            continue;
        }
        ++failures;
        const double difference = std::abs(double(actual[i]) - double(expected[i]));
        const double excess = std::isnan(difference)
                                  ? HUGE_VAL
                                  : difference / (atol + rtol * std::abs(expected[i]) + 1e-300);
        if (excess > worst_excess) {
            worst_excess = excess;
            worst = i;
        }
    }
    if (failures > 0) {
        ADD_FAILURE() << what << ": " << failures << " of " << actual.size()
                      << " values differ; worst at [" << worst << "]: " << actual[worst]
                      << ", expected " << expected[worst] << ", difference "
                      << double(actual[worst]) - double(expected[worst]) << " (rtol " << rtol
                      << ", atol " << atol << ")";
    }
}

}  // namespace

GoldenFile::GoldenFile(const std::string& file_name) : path_(directory() + "/" + file_name) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    file_ = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file_ < 0) {
        fail(path_, "cannot be opened; set HARROW_GOLDEN_DIR to the directory of the fixtures");
    }
    try {
        meta_ = read_meta(file_, path_);
    } catch (...) {
        H5Fclose(file_);
        throw;
    }
}

GoldenFile::~GoldenFile() {
    H5Fclose(file_);
}

bool GoldenFile::has(const std::string& path) const {
    // H5Lexists wants every component before the last to exist.
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        if (H5Lexists(file_, path.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) {
            return false;
        }
    }
    return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> GoldenFile::children(const std::string& group, bool want_groups) const {
    Group handle(H5Gopen2(file_, group.empty() ? "/" : group.c_str(), H5P_DEFAULT));
    if (!handle) {
        fail(path_, "no group " + group);
    }
    std::vector<std::string> names;
    hsize_t position = 0;
    if (H5Literate(handle.get(), H5_INDEX_NAME, H5_ITER_INC, &position, append_name, &names) < 0) {
        fail(path_, "cannot list group " + group);
    }
    std::vector<std::string> wanted;
    for (const std::string& name : names) {
        const Object object(H5Oopen(handle.get(), name.c_str(), H5P_DEFAULT));
        if (object && (H5Iget_type(object.get()) == H5I_GROUP) == want_groups) {
            wanted.push_back(name);
        }
    }
    std::sort(wanted.begin(), wanted.end());
    return wanted;
}

std::vector<std::string> GoldenFile::groups(const std::string& group) const {
    return children(group, true);
}

std::vector<std::string> GoldenFile::datasets(const std::string& group) const {
    return children(group, false);
}

GoldenArray GoldenFile::read(const std::string& path) const {
    const DataSet dataset(H5Dopen2(file_, path.c_str(), H5P_DEFAULT));
    const Space space(dataset ? H5Dget_space(dataset.get()) : H5I_INVALID_HID);
    if (!space) {
        fail(path_, "no dataset " + path);
    }
    std::vector<hsize_t> dims(std::size_t(std::max(0, H5Sget_simple_extent_ndims(space.get()))));
    H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
    GoldenArray array;
    array.shape.assign(dims.begin(), dims.end());
    array.values.resize(std::size_t(H5Sget_simple_extent_npoints(space.get())));
    if (H5Dread(
            dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()) <
        0) {
        fail(path_, "cannot read dataset " + path);
    }
    return array;
}

float GoldenFile::scalar(const std::string& path) const {
    const GoldenArray array = read(path);
    if (array.values.size() != 1) {
        fail(path_, path + " holds " + std::to_string(array.values.size()) + " values, not one");
    }
    return array.values.front();
}

double GoldenFile::number(const std::string& path, double fallback) const {
    const nlohmann::json value = value_at(meta_, path);
    return value.is_number() ? value.get<double>() : fallback;
}

std::string GoldenFile::text(const std::string& path, const std::string& fallback) const {
    const nlohmann::json value = value_at(meta_, path);
    return value.is_string() ? value.get<std::string>() : fallback;
}

void expect_close(const std::vector<float>& actual,
                  const std::vector<float>& expected,
                  double rtol,
                  double atol,
                  const std::string& what) {
    compare(actual, expected, rtol, atol, what);
}

void expect_close(const std::vector<double>& actual,
                  const std::vector<float>& expected,
                  double rtol,
                  double atol,
                  const std::string& what) {
    compare(actual, expected, rtol, atol, what);
}

void expect_close(
    double actual, double expected, double rtol, double atol, const std::string& what) {
    if (!is_close(actual, expected, rtol, atol)) {
        ADD_FAILURE() << what << ": " << actual << ", expected " << expected << " (rtol " << rtol
                      << ", atol " << atol << ")";
    }
}

}  // namespace harrow::tests
