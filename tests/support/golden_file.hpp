#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace harrow::tests {

/// One float32 dataset of a fixture. Integers (permutations, labels, counts) are stored as floats
/// too.
struct GoldenArray {
    std::vector<std::int64_t> shape;  ///< scalars have shape [1]
    std::vector<float> values;        ///< row-major
};

/// One fixture of tests/golden/, opened read-only from $HARROW_GOLDEN_DIR, else from the directory
/// of the sources. Names are data: they may hold dots, never slashes. Paths inside the file are
/// `group/dataset`. Every function throws std::runtime_error naming file and path.
class GoldenFile {
public:
    explicit GoldenFile(const std::string& file_name);  // "router.h5"
    GoldenFile(const GoldenFile&) = delete;
    GoldenFile& operator=(const GoldenFile&) = delete;
    ~GoldenFile();

    /// Full path of the file, for messages.
    const std::string& path() const { return path_; }

    bool has(const std::string& path) const;
    /// Names, sorted, of the groups (or datasets) directly inside `group`; "" is the root.
    std::vector<std::string> groups(const std::string& group = "") const;
    std::vector<std::string> datasets(const std::string& group = "") const;

    GoldenArray read(const std::string& path) const;
    /// First value of a dataset of one element.
    float scalar(const std::string& path) const;

    /// Values of the JSON in the root attribute `meta`; `path` is like "config/adamp/betas/0".
    double number(const std::string& path, double fallback) const;
    std::string text(const std::string& path, const std::string& fallback) const;
    /// The file's own tolerance wins over what a test would choose.
    double rtol(double fallback = 1e-4) const { return number("tolerance/rtol", fallback); }
    double atol(double fallback = 1e-5) const { return number("tolerance/atol", fallback); }

private:
    std::vector<std::string> children(const std::string& group, bool want_groups) const;

    std::string path_;
    std::string meta_;  // JSON
    std::int64_t file_ = -1;
};

/// GoogleTest non-fatal failure, naming the worst element, unless sizes agree and for every element
/// |actual - expected| <= atol + rtol * |expected|. Equal infinities and NaN beside NaN count as
/// equal.
void expect_close(const std::vector<float>& actual,
                  const std::vector<float>& expected,
                  double rtol,
                  double atol,
                  const std::string& what);
void expect_close(const std::vector<double>& actual,
                  const std::vector<float>& expected,
                  double rtol,
                  double atol,
                  const std::string& what);
void expect_close(
    double actual, double expected, double rtol, double atol, const std::string& what);

}  // namespace harrow::tests
