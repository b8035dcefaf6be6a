#include <cstdint>
#include <iostream>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/aggregation.hpp"
#include "tests/support/golden_file.hpp"

namespace harrow {
namespace {

double first_number(const tests::GoldenFile& file,
                    const std::vector<std::string>& names,
                    double fallback) {
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        fallback = file.number("config/" + *name, fallback);
    }
    return fallback;
}

sweeps::ScoreConfig plain_config(const tests::GoldenFile& file) {
    sweeps::ScoreConfig config;
    config.top_k = static_cast<int>(first_number(file, {"top_k", "score_top_k"}, config.top_k));
    config.percentile = first_number(file, {"percentile", "score_percentile"}, config.percentile);
    config.top_k_percent =
        first_number(file, {"top_k_percent", "score_top_k_percent"}, config.top_k_percent);
    config.cluster_weight = first_number(
        file, {"cluster_weight", "spatial_cluster_weight", "cw"}, config.cluster_weight);
    config.cluster_high_score_percentile =
        first_number(file, {"cluster_high_score_percentile"}, config.cluster_high_score_percentile);
    config.cluster_top_k_ratio =
        first_number(file, {"cluster_top_k_ratio", "tail_top_k_ratio"}, config.cluster_top_k_ratio);
    return config;
}

// A share of one as names have it: "0.05", "05" and "5" are .05, "95" and "99.5" are per cent and
// "995" is per mille.
double parse_share(const std::string& digits) {
    if (digits.front() == '0' && digits.size() > 1 && digits[1] != '.') {
        return std::stod("0." + digits);
    }
    double share = std::stod(digits);
    if (digits.find('.') == std::string::npos || share > 1) {
        share /= 100;
    }
    while (share > 1) {
        share /= 10;
    }
    return share;
}

// `letter` names the parameter of spatial_cluster; other modes have one. False: no such parameter.
bool set_parameter(sweeps::ScoreConfig& config, char letter, const std::string& digits) {
    const std::string& mode = config.aggregation;
    if (mode == "top_k") {
        config.top_k = std::stoi(digits);
    } else if (mode == "percentile") {
        config.percentile = parse_share(digits);
    } else if (mode == "top_k_percent") {
        config.top_k_percent = parse_share(digits);
    } else if (mode == "spatial_cluster" && letter == 'w') {
        config.cluster_weight = parse_share(digits);
    } else if (mode == "spatial_cluster" && letter == 'p') {
        config.cluster_high_score_percentile = parse_share(digits);
    } else if (mode == "spatial_cluster") {
        config.cluster_top_k_ratio = parse_share(digits);
    } else {
        return false;
    }
    return true;
}

// A dataset is named <mode>, then its parameters where they differ from the plain ones: top_k10,
// percentile95, spatial_cluster_r05. Empty: the name says no known mode.
std::optional<sweeps::ScoreConfig> config_of(const std::string& name, sweeps::ScoreConfig config) {
    config.aggregation.clear();
    for (const std::string& mode : analysis::aggregation_modes()) {
        if (name.compare(0, mode.size(), mode) == 0 && mode.size() > config.aggregation.size()) {
            config.aggregation = mode;  // the longest: top_k_percent, not top_k
        }
    }
    if (config.aggregation.empty()) {
        return std::nullopt;
    }
    std::string rest = name.substr(config.aggregation.size());
    const std::regex parameter("^_?([a-z]?)([0-9]+([.][0-9]+)?)");
    std::smatch match;
    while (std::regex_search(rest, match, parameter)) {
        const char letter = match[1].length() > 0 ? *match[1].first : '\0';
        if (!set_parameter(config, letter, match[2])) {
            return std::nullopt;
        }
        rest = match.suffix();
    }
    return rest.empty() ? std::make_optional(config) : std::nullopt;
}

std::vector<float> image_scores(const tests::GoldenArray& patches,
                                const sweeps::ScoreConfig& config) {
    const auto height = static_cast<int>(patches.shape.at(1));
    const auto width = static_cast<int>(patches.shape.at(2));
    std::vector<float> scores;
    for (std::int64_t image = 0; image < patches.shape.at(0); ++image) {
        const float* first = patches.values.data() + image * height * width;
        scores.push_back(analysis::image_score(first, height, width, config));
    }
    return scores;
}

int check_group(const tests::GoldenFile& file, const std::string& group) {
    const tests::GoldenArray patches = file.read(group + "/patch_scores");
    int compared = 0;
    for (const std::string& name : file.datasets(group)) {
        if (name == "patch_scores") {
            continue;
        }
        const std::string path = group + "/" + name;
        const std::optional<sweeps::ScoreConfig> config = config_of(name, plain_config(file));
        if (!config) {
            ADD_FAILURE() << file.path() << ": no configuration known for " << path;
            continue;
        }
        tests::expect_close(
            image_scores(patches, *config), file.read(path).values, file.rtol(), file.atol(), path);
        ++compared;
    }
    for (const std::string& calibrator : file.groups(group)) {
        std::cout << "skipped " << group << "/" << calibrator
                  << ": score calibrators are not part of the method's options\n";
    }
    return compared;
}

TEST(ScoreAggregationGolden, EveryModeOfEveryGroup) {
    const tests::GoldenFile file("score_aggregation.h5");
    int compared = 0;
    for (const std::string& group : file.groups()) {
        if (file.has(group + "/patch_scores")) {
            compared += check_group(file, group);
        } else {
            std::cout << "skipped " << group << ": no patch scores in it\n";
        }
    }
    EXPECT_GT(compared, 0) << file.path() << " holds no group";
}

TEST(ScoreAggregationGolden, NamesSayTheParameters) {
    const auto named = [](const std::string& name) { return config_of(name, {}); };
    EXPECT_EQ(named("top_k7").value().top_k, 7);
    EXPECT_DOUBLE_EQ(named("top_k_percent10").value().top_k_percent, 0.1);
    EXPECT_DOUBLE_EQ(named("percentile95").value().percentile, 0.95);
    EXPECT_DOUBLE_EQ(named("percentile995").value().percentile, 0.995);
    EXPECT_DOUBLE_EQ(named("spatial_cluster_r05").value().cluster_top_k_ratio, 0.05);
    EXPECT_DOUBLE_EQ(named("spatial_cluster_w0.3_r0.1").value().cluster_weight, 0.3);
    EXPECT_FALSE(named("max3"));
    EXPECT_FALSE(named("top_k_percentile"));
    EXPECT_FALSE(named("median"));
}

}  // namespace
}  // namespace harrow
