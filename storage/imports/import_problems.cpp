#include "storage/imports/import_problems.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "sweeps/error.hpp"

namespace harrow::storage {

void ImportProblems::add(const std::string& file, std::int64_t line, std::string message) {
    ++count_;
    auto known = std::find(files_.begin(), files_.end(), file);
    if (known == files_.end()) {
        known = files_.insert(files_.end(), file);
    }
    entries_.push_back(
        {static_cast<std::size_t>(known - files_.begin()), line, std::move(message)});
}

void ImportProblems::refuse() const {
    if (empty()) {
        return;
    }
    std::vector<Entry> listed = entries_;
    std::stable_sort(listed.begin(), listed.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.file, a.line) < std::tie(b.file, b.line);
    });
    listed.resize(std::min(listed.size(), kListed));
    std::string text;
    for (const Entry& entry : listed) {
        text += files_[entry.file] +
                (entry.line > 0 ? ":" + std::to_string(entry.line) : std::string()) + ": " +
                entry.message + "\n";
    }
    if (count_ > listed.size()) {
        text += std::string("and ") + (is_full() ? "at least " : "") +
                std::to_string(count_ - listed.size()) + " more\n";
    }
    throw sweeps::UsageError(text + "nothing was imported");
}

}  // namespace harrow::storage
