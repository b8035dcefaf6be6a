#include "storage/inbox.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <random>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/file_seal.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {

namespace {

using nlohmann::json;
using sweeps::StorageError;
namespace fs = std::filesystem;

constexpr const char* kRequest = ".request";
constexpr const char* kTaken = ".taken";
constexpr const char* kAnswer = ".answer";
constexpr std::string_view kHead = "harrow-inbox 1 ";
constexpr std::size_t kSumDigits = 16;
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} << 20;
constexpr auto kAnswerLife = std::chrono::hours(24);

std::string sum_of(std::string_view body) {
    return hex16(sweeps::checksum64(body.data(), body.size()));
}

/// "harrow-inbox 1 <checksum of the second line>\n<JSON>\n"
std::string file_text(const json& object) {
    const std::string body = object.dump(-1, ' ', false, json::error_handler_t::replace);
    return std::string(kHead) + sum_of(body) + "\n" + body + "\n";
}

/// The object, or in `problem` why there is none.
json parse_file(std::string_view text, std::string& problem) {
    if (text.substr(0, kHead.size()) != kHead) {
        problem = "it is no inbox file of version 1";
        return {};
    }
    const std::size_t body_at = kHead.size() + kSumDigits + 1;
    if (text.size() < body_at + 1 || text[body_at - 1] != '\n' || text.back() != '\n') {
        problem = "it is incomplete";
        return {};
    }
    const std::string_view body = text.substr(body_at, text.size() - body_at - 1);
    if (text.substr(kHead.size(), kSumDigits) != sum_of(body)) {
        problem = "it does not match its checksum";
        return {};
    }
    json object = json::parse(body, nullptr, false);
    if (!object.is_object()) {
        problem = "it holds no JSON object";
    }
    return object;
}

std::vector<std::string> texts(const json& list) {
    std::vector<std::string> values;
    for (const json& value : list) {
        values.push_back(value.get<std::string>());
    }
    return values;
}

std::string read_small(const fs::path& file) {
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(file, error);
    if (error || bytes > kMaxFileBytes) {
        throw StorageError(file.string() + (error ? " cannot be read: " + error.message()
                                                  : " is too large for a request"));
    }
    return read_file(file);
}

std::optional<InboxRequest> read_request(const fs::path& file, std::string& problem) {
    try {
        const json object = parse_file(read_small(file), problem);
        if (!problem.empty()) {
            return std::nullopt;
        }
        return InboxRequest{file.stem().string(),
                            object.at("verb").get<std::string>(),
                            texts(object.at("trials")),
                            object.at("by").get<std::string>(),
                            object.at("time").get<std::string>()};
    } catch (const json::exception& error) {
        problem = error.what();
    } catch (const StorageError& error) {
        problem = error.what();
    }
    return std::nullopt;
}

std::string random_text() {
    std::random_device source;
    return hex16((std::uint64_t{source()} << 32U) | source());
}

/// Sorts by time of posting; no two processes share one.
std::string new_id() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
    std::string host = host_name();
    std::replace_if(
        host.begin(), host.end(), [](char c) { return c == '/' || c == '.' || c < '!'; }, '-');
    char time[24];
    std::snprintf(time, sizeof(time), "%015lld", static_cast<long long>(ms));
    return std::string(time) + "-" + host + "-" + std::to_string(::getpid()) + "-" + random_text();
}

/// A network file system's client may answer from what it remembers of a folder for up to a minute.
/// A name it never heard of makes it ask the server, which tells it that the folder has changed.
void look_afresh(const fs::path& directory) {
    struct stat ignored = {};
    (void)::stat((directory / (".look-" + random_text())).c_str(), &ignored);
}

bool is_gone(const std::error_code& error) {
    return error == std::errc::no_such_file_or_directory;
}

/// Names in the folder with one of two endings, sorted; nothing where there is no folder.
std::vector<fs::path> files_ending(const fs::path& directory, const char* one, const char* other) {
    std::vector<fs::path> found;
    std::error_code error;
    fs::directory_iterator entry(directory, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const fs::path ending = entry->path().extension();
        if ((ending == one || ending == other) && entry->path().filename().string()[0] != '.') {
            found.push_back(entry->path());
        }
    }
    if (error && !is_gone(error)) {
        throw StorageError(io_error_text("list", directory, error.value()));
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::string set_aside(const fs::path& file) {
    const fs::path folder = file.parent_path() / "damaged";
    std::error_code error;
    fs::create_directory(folder, error);
    fs::rename(file, folder / file.filename(), error);
    if (error) {
        fs::remove(file, error);
        return "and was removed";
    }
    return "and was moved to " + (folder / file.filename()).string();
}

}  // namespace

Inbox::Inbox(fs::path directory) : directory_(std::move(directory)) {}

std::string Inbox::post(const InboxRequest& request) const {
    storage::create_directories(directory_);
    const std::string id = new_id();
    const json object = {{"verb", request.verb},
                         {"trials", request.trials},
                         {"by", request.by},
                         {"time", request.time}};
    write_file_atomic(directory_ / (id + kRequest), file_text(object));
    return id;
}

bool Inbox::withdraw(const std::string& id) const {
    std::error_code error;
    const bool removed = fs::remove(directory_ / (id + kRequest), error);
    if (error && !is_gone(error)) {
        throw StorageError(io_error_text("remove", directory_ / (id + kRequest), error.value()));
    }
    return removed;
}

std::optional<InboxAnswer> Inbox::collect(const std::string& id) const {
    const fs::path file = directory_ / (id + kAnswer);
    look_afresh(directory_);
    std::error_code error;
    if (!fs::exists(file, error)) {
        return std::nullopt;
    }
    InboxAnswer answer;
    std::string problem;
    try {
        const json object = parse_file(read_small(file), problem);
        if (problem.empty()) {
            answer.done = object.at("done").get<bool>();
            answer.lines = texts(object.at("lines"));
        }
    } catch (const std::exception& reason) {
        problem = reason.what();
    }
    if (!problem.empty()) {
        answer = {false, {"the answer " + file.string() + " cannot be read: " + problem}};
    }
    fs::remove(file, error);
    return answer;
}

Inbox::Taken Inbox::take() const {
    Taken taken;
    look_afresh(directory_);
    for (fs::path file : files_ending(directory_, kRequest, kTaken)) {
        if (file.extension() == kRequest) {
            fs::path claimed = file;
            claimed.replace_extension(kTaken);
            std::error_code error;
            fs::rename(file, claimed, error);
            if (error) {
                continue;  // withdrawn meanwhile; what the disk refuses is tried again
            }
            file = std::move(claimed);
        }
        std::string problem;
        if (std::optional<InboxRequest> request = read_request(file, problem)) {
            taken.requests.push_back(std::move(*request));
        } else {
            taken.warnings.push_back("the request " + file.filename().string() +
                                     " cannot be used (" + problem + ") " + set_aside(file));
        }
    }
    return taken;
}

void Inbox::answer(const std::string& id, const InboxAnswer& answer) const {
    write_file_atomic(directory_ / (id + kAnswer),
                      file_text({{"done", answer.done}, {"lines", answer.lines}}));
    std::error_code error;
    fs::remove(directory_ / (id + kTaken), error);
    if (error && !is_gone(error)) {
        throw StorageError(io_error_text("remove", directory_ / (id + kTaken), error.value()));
    }
}

void Inbox::remove_old_answers() const noexcept {
    try {
        const auto now = fs::file_time_type::clock::now();
        for (const fs::path& file : files_ending(directory_, kAnswer, kAnswer)) {
            std::error_code error;
            const auto written = fs::last_write_time(file, error);
            if (!error && now - written > kAnswerLife) {
                fs::remove(file, error);
            }
        }
    } catch (const std::exception&) {
        return;  // they are small; the next one tries again
    }
}

}  // namespace harrow::storage
