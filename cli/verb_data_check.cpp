#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "analysis/table.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "storage/datasets/dataset_check.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;
using storage::CheckFinding;
using Level = CheckFinding::Level;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kShownPaths = 10;
constexpr std::ptrdiff_t kValidationColumn = 2;

/// One line on a terminal, rewritten four times a second; nothing elsewhere.
class ProgressLine {
public:
    ProgressLine() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() {
        if (is_shown_) {
            std::fputs("\r\033[K", stderr);
        }
    }

    void update(std::int64_t done, std::int64_t total) {
        const Clock::time_point now = Clock::now();
        if (!is_terminal_ || now < next_) {
            return;
        }
        next_ = now + std::chrono::milliseconds(250);
        is_shown_ = true;
        std::fprintf(stderr,
                     "\r\033[K%lld of %lld images",
                     static_cast<long long>(done),
                     static_cast<long long>(total));
        std::fflush(stderr);
    }

private:
    bool is_terminal_;
    bool is_shown_ = false;
    Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
};

const char* level_word(Level level) {
    switch (level) {
        case Level::Problem:
            return "problem";
        case Level::Warning:
            return "warning";
        case Level::Note:
            return "note";
    }
    return "";
}

std::int64_t good_images(const storage::ClassCounts& counts) {
    const auto good = counts.types.find("good");
    return good == counts.types.end() ? 0 : good->second;
}

std::string counts_table(const storage::DatasetCheck& check) {
    const bool has_validation =
        std::any_of(check.classes.begin(), check.classes.end(), [](const auto& counts) {
            return counts.validation > 0;
        });
    analysis::TextTable table{
        {"class", "train", "test", "good", "defective", "masks", "defect types"}, {}};
    if (has_validation) {
        table.header.insert(table.header.begin() + kValidationColumn, "validation");
    }
    for (const storage::ClassCounts& counts : check.classes) {
        std::string types;
        for (const auto& [type, count] : counts.types) {
            if (type != "good") {
                types +=
                    (types.empty() ? "" : ", ") + printable(type) + " " + std::to_string(count);
            }
        }
        const std::int64_t good = good_images(counts);
        table.rows.push_back({printable(counts.name),
                              std::to_string(counts.train),
                              std::to_string(counts.test),
                              std::to_string(good),
                              std::to_string(counts.test - good),
                              std::to_string(counts.masks),
                              types});
        if (has_validation) {
            std::vector<std::string>& row = table.rows.back();
            row.insert(row.begin() + kValidationColumn, std::to_string(counts.validation));
        }
    }
    return analysis::aligned_table(table);
}

std::int64_t number_of(const storage::DatasetCheck& check, Level level) {
    std::int64_t count = 0;
    for (const CheckFinding& finding : check.findings) {
        count += finding.level == level ? 1 : 0;
    }
    return count;
}

std::string counted(std::int64_t count, const std::string& word) {
    return (count == 0 ? "no" : std::to_string(count)) + " " + word + (count == 1 ? "" : "s");
}

std::string check_text(const storage::DatasetCheck& check) {
    std::ostringstream text;
    text << printable(check.root.string()) << " (" << check.layout << ")\n\n"
         << counts_table(check) << "\n";
    for (const CheckFinding& finding : check.findings) {
        text << level_word(finding.level) << ": " << printable(finding.message) << "\n";
        const bool names_its_files =
            finding.kind == "unreadable" || finding.kind.compare(0, 5, "mask_") == 0;
        for (std::size_t i = 0; i < finding.paths.size() && !names_its_files; ++i) {
            if (i == kShownPaths) {
                text << "    … and " << finding.paths.size() - i << " more\n";
                break;
            }
            text << "    " << printable(finding.paths[i]) << "\n";
        }
    }
    text << (check.findings.empty() ? "" : "\n") << check.images << " images read, "
         << counted(number_of(check, Level::Problem), "problem") << ", "
         << counted(number_of(check, Level::Warning), "warning") << "\n";
    return text.str();
}

Json check_json(const storage::DatasetCheck& check) {
    Json classes = Json::array();
    for (const storage::ClassCounts& counts : check.classes) {
        classes.push_back({{"name", counts.name},
                           {"train", counts.train},
                           {"test", counts.test},
                           {"validation", counts.validation},
                           {"types", counts.types},
                           {"masks", counts.masks}});
    }
    Json findings = Json::array();
    for (const CheckFinding& finding : check.findings) {
        findings.push_back({{"level", level_word(finding.level)},
                            {"kind", finding.kind},
                            {"message", finding.message},
                            {"paths", finding.paths}});
    }
    return {{"root", check.root.string()},
            {"layout", check.layout},
            {"images", check.images},
            {"bytes", check.bytes},
            {"classes", std::move(classes)},
            {"problems", number_of(check, Level::Problem)},
            {"warnings", number_of(check, Level::Warning)},
            {"findings", std::move(findings)}};
}

}  // namespace

sweeps::ExitCode run_verb(const DataCheckOptions& options) {
    storage::DatasetCheck check;
    {
        ProgressLine progress;
        check = storage::check_dataset(
            options.layout, options.dir, 0, [&progress](std::int64_t done, std::int64_t total) {
                progress.update(done, total);
            });
    }
    if (options.json) {
        // Names on disk may hold bytes that are no UTF-8.
        std::cout << check_json(check).dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    } else {
        std::cout << check_text(check);
    }
    return check.has_problems() ? sweeps::ExitCode::Usage : sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
