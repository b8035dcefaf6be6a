#include "storage/checkpoint_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".safetensors";
constexpr std::string_view kAfterTask = "-after-task-";
constexpr std::size_t kNumberDigits = 6;

/// Of a checkpoint's name; nothing for other files.
std::optional<std::uint64_t> number_of(const fs::path& file) {
    const std::string name = file.filename().string();
    if (file.extension() != kExtension) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const std::string_view rest(end, static_cast<std::size_t>(name.data() + name.size() - end));
    if (error != std::errc() ||
        (rest != kExtension && rest.substr(0, kAfterTask.size()) != kAfterTask)) {
        return std::nullopt;
    }
    return number;
}

bool is_temporary(const fs::path& file) {
    const std::string name = file.filename().string();
    return name[0] == '.' && name.find(std::string(kExtension) + ".tmp.") != std::string::npos;
}

/// Best effort: a file that stays is in nobody's way.
template <typename Unwanted>
void remove_where(const fs::path& directory, Unwanted&& unwanted) noexcept {
    try {
        std::error_code error;
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(directory, error)) {
            if (unwanted(entry.path())) {
                files.push_back(entry.path());
            }
        }
        for (const fs::path& file : files) {
            fs::remove(file, error);
        }
    } catch (const std::exception&) {
        return;
    }
}

}  // namespace

CheckpointDirectory::CheckpointDirectory(fs::path directory) : directory_(std::move(directory)) {}

std::vector<fs::path> CheckpointDirectory::newest_first() const {
    std::vector<std::pair<std::uint64_t, fs::path>> found;
    std::error_code error;
    fs::directory_iterator entry(directory_, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        if (const auto number = number_of(entry->path())) {
            found.emplace_back(*number, entry->path());
        }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        throw sweeps::StorageError(io_error_text("list", directory_, error.value()));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a > b; });
    std::vector<fs::path> files;
    for (auto& [number, file] : found) {
        files.push_back(std::move(file));
    }
    return files;
}

fs::path CheckpointDirectory::next(std::optional<int> after_task) const {
    storage::create_directories(directory_);
    const std::vector<fs::path> files = newest_first();
    std::string name = std::to_string(files.empty() ? 1 : *number_of(files.front()) + 1);
    name.insert(0, kNumberDigits - std::min(name.size(), kNumberDigits), '0');
    if (after_task) {
        name += std::string(kAfterTask) + std::to_string(*after_task);
    }
    return directory_ / (name + std::string(kExtension));
}

bool CheckpointDirectory::is_after_task(const fs::path& file) {
    return file.filename().string().find(kAfterTask) != std::string::npos;
}

void CheckpointDirectory::keep_only(const std::vector<fs::path>& files,
                                    bool after_tasks) const noexcept {
    remove_where(directory_, [&](const fs::path& file) {
        return number_of(file) && !(after_tasks && is_after_task(file)) &&
               std::find(files.begin(), files.end(), file) == files.end();
    });
}

void CheckpointDirectory::remove_temporaries() const noexcept {
    remove_where(directory_, is_temporary);
}

void CheckpointDirectory::remove_all() const noexcept {
    remove_where(directory_,
                 [](const fs::path& file) { return number_of(file) || is_temporary(file); });
    std::error_code error;
    fs::remove(directory_, error);
}

}  // namespace harrow::storage
