#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace harrow::storage {

/// What is wrong with files to import: all of it, of which the first ones are listed.
class ImportProblems {
public:
    /// `line` 0: of the file as a whole.
    void add(const std::string& file, std::int64_t line, std::string message);
    bool empty() const noexcept { return count_ == 0; }
    /// So many that reading on is of no use.
    bool is_full() const noexcept { return is_stopped_ || count_ >= kMost; }
    /// What follows is of no use, whatever it is.
    void stop() noexcept { is_stopped_ = true; }
    /// Throws UsageError with `file:line: message` of each, by file as given and line, when there
    /// is any.
    void refuse() const;

private:
    static constexpr std::size_t kListed = 20, kMost = 1000;

    struct Entry {
        std::size_t file = 0;
        std::int64_t line = 0;
        std::string message;
    };
    std::vector<std::string> files_;
    std::vector<Entry> entries_;
    std::size_t count_ = 0;
    bool is_stopped_ = false;
};

}  // namespace harrow::storage
