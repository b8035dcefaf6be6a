#include "cli/replay_comparison.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <tuple>

#include "storage/files.hpp"

namespace harrow::cli {
namespace {

using sweeps::MetricRow;
using Place = std::tuple<int, std::string, std::string, std::string>;

Place place_of(const MetricRow& row) {
    return {row.after_task, row.class_name, row.routing, row.metric};
}

std::string text_of(const Place& place) {
    return "after task " + std::to_string(std::get<0>(place)) + ", " + std::get<1>(place) + ", " +
           std::get<2>(place) + ", " + std::get<3>(place);
}

bool same_bits(double one, double other) {
    return std::memcmp(&one, &other, sizeof(one)) == 0;
}

std::string number_text(const std::optional<double>& value) {
    if (!value) {
        return "nothing";
    }
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof(digits), *value).ptr};
}

}  // namespace

std::vector<RowDifference> compare_rows(const std::vector<MetricRow>& stored,
                                        const std::vector<MetricRow>& replayed) {
    std::map<Place, double> anew;
    for (const MetricRow& row : replayed) {
        anew[place_of(row)] = row.value;
    }
    std::vector<RowDifference> differences;
    for (const MetricRow& row : stored) {
        const auto found = anew.find(place_of(row));
        if (found == anew.end()) {
            differences.push_back({text_of(place_of(row)), row.value, std::nullopt});
        } else {
            if (!same_bits(found->second, row.value)) {
                differences.push_back({text_of(found->first), row.value, found->second});
            }
            anew.erase(found);
        }
    }
    for (const auto& [place, value] : anew) {
        differences.push_back({text_of(place), std::nullopt, value});
    }
    return differences;
}

bool leave_out_unmeasured(const std::string& basic,
                          const std::vector<MetricRow>& stored,
                          std::vector<MetricRow>& replayed) {
    const auto is_of = [&](const MetricRow& row) {
        return row.metric.substr(0, row.metric.find('.')) == basic;
    };
    if (std::any_of(stored.begin(), stored.end(), is_of)) {
        return false;
    }
    const auto first = std::remove_if(replayed.begin(), replayed.end(), is_of);
    const bool any = first != replayed.end();
    replayed.erase(first, replayed.end());
    return any;
}

std::string to_string(const RowDifference& difference) {
    return difference.where + ": " + number_text(difference.stored) + " stored, " +
           number_text(difference.replayed) + " replayed";
}

std::optional<std::size_t> first_different_byte(const std::filesystem::path& one,
                                                const std::filesystem::path& other) {
    const std::string a = storage::read_file(one);
    const std::string b = storage::read_file(other);
    const auto place = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return place.first == a.end() && place.second == b.end()
               ? std::nullopt
               : std::optional<std::size_t>(static_cast<std::size_t>(place.first - a.begin()));
}

}  // namespace harrow::cli
