#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/quantities.hpp"
#include "cli/sweep_source.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "storage/cache_gc.hpp"
#include "storage/cache_listing.hpp"
#include "storage/feature_cache.hpp"
#include "sweeps/canonical.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;
using storage::CacheEntry;
using storage::CacheListing;
using sweeps::ExitCode;

constexpr std::size_t kShownDigits = 8;

std::string time_text(std::time_t time) {
    std::tm parts = {};
    gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

/// What was looked at, beside the backbone's default: "cls", "cls at 128,256,512", "cls of crops of
/// 32".
std::string view_text(const sweeps::TrialConfig& config) {
    const std::string feature =
        config.backbone.feature == sweeps::BackboneConfig{}.feature ? "" : config.backbone.feature;
    if (config.data.crop_size > 0) {
        return feature + " of crops of " + std::to_string(config.data.crop_size);
    }
    if (config.data.scales == sweeps::DataConfig{}.scales) {
        return feature;
    }
    std::string scales;
    for (const double scale : config.data.scales) {
        scales += (scales.empty() ? "" : ",") + std::to_string(std::llround(scale));
    }
    return feature + " at " + scales;
}

/// "wide_resnet50_2 224", "dinov2_vitb14 518 cls at 128,256": backbone, image size and how an image
/// was seen; empty when the text is from another version.
std::string backbone_text(const storage::FeatureInfo& info) {
    try {
        const sweeps::TrialConfig config = sweeps::parse_canonical(info.canonical_text);
        const std::string view = view_text(config);
        return config.backbone.name + " " + std::to_string(config.data.image_size) +
               (view.empty() ? "" : " " + view);
    } catch (const sweeps::Error&) {
        return "";
    }
}

/// "grain/train", from the first image's path; of images that were made "grain/anomalies seed 3".
std::string source_text(const storage::FeatureInfo& info) {
    const std::string& path = info.images.front().relative_path;
    const std::size_t class_end = path.find('/');
    if (!info.made.empty()) {
        return path.substr(0, class_end) + "/" + info.made.substr(0, info.made.find('\n'));
    }
    return class_end == std::string::npos ? path : path.substr(0, path.find('/', class_end + 1));
}

std::string shape_text(const storage::FeatureShape& shape) {
    return std::to_string(shape.height) + "x" + std::to_string(shape.width) + "x" +
           std::to_string(shape.channels);
}

using Row = std::array<std::string, 8>;

Row row_of(const CacheEntry& entry) {
    const std::string key = entry.key.substr(0, kShownDigits);
    const std::string bytes = size_text(entry.bytes);
    const std::string used = time_text(entry.last_used);
    if (!entry.info) {
        return {key, "(unreadable)", "", "", "", "", bytes, used};
    }
    const storage::FeatureInfo& info = *entry.info;
    return {key,
            printable(backbone_text(info)),
            printable(source_text(info)),
            std::to_string(info.shape.images),
            shape_text(info.shape),
            std::string(name_of(info.type)),
            bytes,
            used};
}

void print_rows(const std::vector<Row>& rows) {
    std::array<std::size_t, std::tuple_size<Row>::value> widths{};
    for (const Row& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], row[column].size());
        }
    }
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t column = 0; column < row.size(); ++column) {
            const bool number = column == 3 || column == 6;
            const std::string space(widths[column] - row[column].size(), ' ');
            line += (column > 0 ? "  " : "") + (number ? space + row[column] : row[column] + space);
        }
        std::cout << line.substr(0, line.find_last_not_of(' ') + 1) << "\n";
    }
}

std::uint64_t bytes_of(const std::vector<storage::OtherFile>& files) {
    std::uint64_t sum = 0;
    for (const storage::OtherFile& file : files) {
        sum += file.bytes;
    }
    return sum;
}

std::string files_text(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " file" : " files");
}

void print_others(const std::vector<storage::OtherFile>& files, const std::string& what) {
    if (!files.empty()) {
        std::cout << what << ": " << files_text(files.size()) << ", " << size_text(bytes_of(files))
                  << "\n";
    }
}

void warn(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) {
        std::cerr << "harrow: " << printable(problem) << "\n";
    }
}

/// Says what could not be looked at. Answers whether all could be.
bool all_listed(const storage::FeatureCache& cache, const CacheListing& listing) {
    warn(listing.problems);
    if (!listing.root_exists) {
        std::cerr << "harrow: cache " << printable(cache.root().string())
                  << " does not exist; the first run makes it, --cache chooses another\n";
    }
    return listing.problems.empty();
}

Json json_of(const CacheEntry& entry) {
    Json json = {{"key", entry.key},
                 {"path", entry.path.string()},
                 {"bytes", entry.bytes},
                 {"last_used", time_text(entry.last_used)}};
    if (!entry.info) {
        json["problem"] = entry.problem;
        return json;
    }
    const storage::FeatureInfo& info = *entry.info;
    json["backbone"] = backbone_text(info);
    json["source"] = source_text(info);
    if (!info.made.empty()) {
        json["made"] = info.made;
    }
    json["images"] = info.shape.images;
    json["shape"] = {info.shape.images, info.shape.height, info.shape.width, info.shape.channels};
    json["dtype"] = name_of(info.type);
    json["weights_digest"] = info.weights_digest;
    json["canonical_text"] = info.canonical_text;
    return json;
}

Json json_of(const std::vector<storage::OtherFile>& files) {
    Json list = Json::array();
    for (const storage::OtherFile& file : files) {
        list.push_back({{"path", file.path.string()}, {"bytes", file.bytes}});
    }
    return list;
}

// File names need not be UTF-8.
std::string dump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

void print_json(const storage::FeatureCache& cache, const CacheListing& listing) {
    Json entries = Json::array();
    for (const CacheEntry& entry : listing.entries) {
        entries.push_back(json_of(entry));
    }
    std::cout << dump({{"cache", cache.root().string()},
                       {"bytes", listing.entry_bytes()},
                       {"features", std::move(entries)},
                       {"quarantined", json_of(listing.quarantined)},
                       {"temporary", json_of(listing.temporary)},
                       {"foreign", json_of(listing.foreign)}})
              << "\n";
}

/// The keys that the user means: all, or those that begin as he typed. Throws UsageError for one
/// that is not there.
std::vector<std::string> chosen_keys(const CacheVerifyOptions& options,
                                     const CacheListing& listing) {
    if (options.all && !options.keys.empty()) {
        throw sweeps::UsageError("--all and keys exclude each other; give one of them");
    }
    std::vector<std::string> keys;
    for (const CacheEntry& entry : listing.entries) {
        const bool named = std::any_of(
            options.keys.begin(), options.keys.end(), [&entry](const std::string& begin) {
                return entry.key.compare(0, begin.size(), begin) == 0;
            });
        if (options.keys.empty() || named) {
            keys.push_back(entry.key);
        }
    }
    for (const std::string& begin : options.keys) {
        const bool found = std::any_of(keys.begin(), keys.end(), [&begin](const std::string& key) {
            return key.compare(0, begin.size(), begin) == 0;
        });
        if (!found) {
            throw sweeps::UsageError("no feature key in the cache begins with '" + begin +
                                     "'; harrow cache ls shows the keys");
        }
    }
    return keys;
}

}  // namespace

ExitCode run_verb(const CacheListOptions& options) {
    const storage::FeatureCache cache(cache_directory(options.cache));
    const CacheListing listing = list_cache(cache, storage::Describe::Yes);
    const ExitCode code = all_listed(cache, listing) ? ExitCode::Ok : ExitCode::Infrastructure;
    if (options.json) {
        print_json(cache, listing);
        return code;
    }
    std::vector<Row> rows = {
        {"key", "backbone", "source", "images", "shape", "dtype", "size", "last used"}};
    for (const CacheEntry& entry : listing.entries) {
        rows.push_back(row_of(entry));
    }
    print_rows(rows);
    std::cout << printable(cache.root().string()) << ": " << files_text(listing.entries.size())
              << ", " << size_text(listing.entry_bytes()) << "\n";
    print_others(listing.quarantined, "quarantined");
    print_others(listing.temporary, "being written or left behind");
    print_others(listing.foreign, "not Harrow's");
    for (const CacheEntry& entry : listing.entries) {
        if (!entry.info) {
            warn({entry.path.string() + ": " + entry.problem});
        }
    }
    return code;
}

ExitCode run_verb(const CacheVerifyOptions& options) {
    const storage::FeatureCache cache(cache_directory(options.cache));
    const CacheListing listing = list_cache(cache, storage::Describe::No);
    // Who asks for a check of nothing has named the wrong folder.
    const bool all_there = all_listed(cache, listing) && listing.root_exists;
    const std::vector<std::string> keys = chosen_keys(options, listing);
    std::size_t damaged = 0;
    std::size_t unreadable = 0;
    for (const std::string& key : keys) {
        try {
            cache.verify(key);
        } catch (const storage::CorruptFeatureFile& error) {
            ++damaged;
            warn({error.what()});
        } catch (const sweeps::StorageError& error) {
            ++unreadable;
            warn({error.what()});
        }
    }
    std::cout << files_text(keys.size()) << " checked, " << keys.size() - damaged - unreadable
              << " fine, " << damaged << " damaged";
    if (unreadable > 0) {
        std::cout << ", " << unreadable << " could not be checked";
    }
    std::cout << "\n";
    return all_there && damaged + unreadable == 0 ? ExitCode::Ok : ExitCode::Infrastructure;
}

ExitCode run_verb(const CacheGcOptions& options) {
    storage::GcPolicy policy;
    if (!options.max_size.empty()) {
        policy.max_bytes = parse_size(options.max_size);
    }
    if (!options.older_than.empty()) {
        policy.max_idle_s = parse_duration(options.older_than);
    }
    policy.quarantine = options.quarantine;
    policy.dry_run = options.dry_run;
    const storage::FeatureCache cache(cache_directory(options.cache));
    const storage::GcReport report = collect_garbage(cache, policy, std::time(nullptr));
    const std::string verb = options.dry_run ? "would remove " : "removed ";
    for (const CacheEntry& entry : report.removed) {
        std::cout << verb << entry.key << "  " << size_text(entry.bytes) << "  last used "
                  << time_text(entry.last_used) << "\n";
    }
    for (const auto& files : {report.temporaries, report.quarantined}) {
        for (const storage::OtherFile& file : files) {
            std::cout << verb << printable(file.path.string()) << "  " << size_text(file.bytes)
                      << "\n";
        }
    }
    std::cout << files_text(report.removed.size()) << " of features "
              << (options.dry_run ? "would be removed" : "removed") << ": "
              << size_text(report.bytes_before) << " -> " << size_text(report.bytes_after) << "\n";
    if (report.kept_in_use > 0) {
        std::cout << files_text(report.kept_in_use) << " kept: a running sweep uses them\n";
    }
    warn(report.problems);
    return report.problems.empty() ? ExitCode::Ok : ExitCode::Infrastructure;
}

}  // namespace harrow::cli
