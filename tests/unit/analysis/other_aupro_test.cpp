#include "analysis/metrics/other_aupro.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "sweeps/random.hpp"
#include "tests/unit/analysis/slow_regions.hpp"

namespace harrow::analysis {
namespace {

struct Image {
    int height = 0, width = 0;
    std::vector<float> scores;
    std::vector<std::uint8_t> mask;
};

/// Blobs and thin diagonals; `levels` > 0 rounds the scores so that many tie.
std::vector<Image> random_images(std::uint64_t seed, int levels) {
    sweeps::RandomStream random(seed, "other aupro test");
    std::vector<Image> images(2 + random.below(3));
    for (Image& image : images) {
        image.height = 4 + static_cast<int>(random.below(10));
        image.width = 4 + static_cast<int>(random.below(10));
        image.mask.resize(static_cast<std::size_t>(image.height * image.width));
        int row = static_cast<int>(random.below(3));
        for (int c = 0; c < image.width && row < image.height && &image != &images.back(); ++c) {
            image.mask[static_cast<std::size_t>(row * image.width + c)] = 1;
            row += static_cast<int>(random.below(3));
        }
        for (const std::uint8_t defect : image.mask) {
            double score = random.normal() / 2 + (defect != 0 ? 1.0 : 0.3);
            score = levels > 0 ? std::round(score * levels) / levels : score;
            image.scores.push_back(static_cast<float>(score));
        }
    }
    images.front().mask[0] = 1;
    return images;
}

// ---- every rule again, in the plainest way: one loop over all pixels per threshold

std::vector<float> scores_where(const std::vector<Image>& images, bool ok_only) {
    std::vector<float> scores;
    for (const Image& image : images) {
        for (std::size_t i = 0; i < image.scores.size(); ++i) {
            if (!ok_only || image.mask[i] == 0) {
                scores.push_back(image.scores[i]);
            }
        }
    }
    std::sort(scores.begin(), scores.end());
    return scores;
}

using Predicted = std::function<bool(float)>;

OverlapPoint slow_point(const std::vector<Image>& images,
                        bool corners,
                        const Predicted& predicted) {
    double ok = 0, wrong = 0, overlaps = 0, count = 0;
    for (const Image& image : images) {
        const auto regions = flood_regions(image.mask, image.height, image.width, corners);
        std::map<int, std::pair<double, double>> found;  // region -> found, area
        for (std::size_t i = 0; i < regions.size(); ++i) {
            const double hit = predicted(image.scores[i]) ? 1 : 0;
            if (regions[i] == 0) {
                ok += 1;
                wrong += hit;
            } else {
                found[regions[i]].first += hit;
                found[regions[i]].second += 1;
            }
        }
        for (const auto& [region, share] : found) {
            overlaps += share.first / share.second;
            count += 1;
        }
    }
    return {wrong / ok, overlaps / count};
}

/// Trapezoids with x up to the limit, the last one interpolated.
double slow_area(std::vector<OverlapPoint> curve, double limit) {
    double area = 0;
    for (std::size_t i = 1; i < curve.size(); ++i) {
        const OverlapPoint a = curve[i - 1];
        OverlapPoint b = curve[i];
        if (a.fpr >= limit) {
            break;
        }
        if (b.fpr > limit) {
            b.pro = a.pro + (b.pro - a.pro) * (limit - a.fpr) / (b.fpr - a.fpr);
            b.fpr = limit;
        }
        area += (b.fpr - a.fpr) * (a.pro + b.pro) / 2;
    }
    return area;
}

double slow_exact(const std::vector<Image>& images, double limit, bool corners) {
    std::vector<float> scores = scores_where(images, false);
    std::vector<OverlapPoint> curve = {{0, 0}};
    for (auto score = scores.rbegin(); score != scores.rend(); ++score) {
        curve.push_back(slow_point(images, corners, [&](float s) { return s >= *score; }));
    }
    return slow_area(curve, limit) / limit;
}

double slow_mvtec3d(const std::vector<Image>& images, double limit) {
    const std::vector<float> ok = scores_where(images, true);
    std::vector<OverlapPoint> curve = {{1, 1}};
    for (int i = 0; i < 100; ++i) {
        const auto rank =
            static_cast<std::size_t>(i == 99 ? static_cast<double>(ok.size() - 1)
                                             : i * (static_cast<double>(ok.size() - 1) / 99));
        const float threshold = ok[rank];
        curve.push_back({1 - static_cast<double>(rank + 1) / static_cast<double>(ok.size()),
                         slow_point(images, true, [&](float s) { return s > threshold; }).pro});
    }
    std::reverse(curve.begin(), curve.end());
    return slow_area(curve, limit) / limit;
}

double slow_uniad(const std::vector<Image>& images, double limit) {
    const std::vector<float> all = scores_where(images, false);
    const double low = all.front(), step = (static_cast<double>(all.back()) - low) / 200;
    std::vector<OverlapPoint> kept;
    for (int i = 199; i >= 0; --i) {
        const double threshold = low + i * step;
        const auto point = slow_point(images, true, [&](float s) { return s > threshold; });
        if (point.fpr < limit) {
            kept.push_back(point);
        }
    }
    const double first = kept.front().fpr, width = kept.back().fpr - first;
    for (OverlapPoint& point : kept) {
        point.fpr = (point.fpr - first) / width;
    }
    return slow_area(kept, 2);
}

double slow_strips(const std::vector<Image>& images, double limit, int count) {
    const std::vector<float> all = scores_where(images, false);
    const double low = all.front(), width = (static_cast<double>(all.back()) - low) / count;
    std::vector<OverlapPoint> curve = {{0, 0}};
    for (int strip = count - 1; strip >= 0; --strip) {
        curve.push_back(
            slow_point(images, true, [&](float s) { return s >= low + strip * width; }));
    }
    return slow_area(curve, limit) / limit;
}

double slow_pyclad(const std::vector<Image>& images, double limit) {
    const std::vector<float> all = scores_where(images, false);
    std::vector<OverlapPoint> curve = {{0, 0}};
    for (int i = 299; i >= 0; --i) {
        const double place = static_cast<double>(all.size() - 1) * i / 299;
        const auto below = static_cast<std::size_t>(place);
        const double low = all[below], high = all[std::min(below + 1, all.size() - 1)];
        const double threshold = low + (place - static_cast<double>(below)) * (high - low);
        const auto point = slow_point(images, false, [&](float s) { return s >= threshold; });
        if (point.fpr > limit) {
            break;
        }
        curve.push_back(point);
    }
    curve.push_back({limit, curve.back().pro});
    return slow_area(curve, 2) / limit;
}

double slow_avf(const std::vector<Image>& images) {
    std::vector<OverlapPoint> curve;
    for (int t = 99; t >= 0; --t) {
        const double threshold = t / 99.0;
        OverlapPoint mean;
        double count = 0;
        for (const Image& image : images) {
            if (std::count(image.mask.begin(), image.mask.end(), 0) ==
                static_cast<std::ptrdiff_t>(image.mask.size())) {
                continue;
            }
            const auto point = slow_point({image}, false, [&](float s) { return s > threshold; });
            mean = {mean.fpr + point.fpr, mean.pro + point.pro};
            count += 1;
        }
        curve.push_back({mean.fpr / count, mean.pro / count});
    }
    return slow_area(curve, 2);
}

std::map<std::string, NamedAupro> values_of(const std::vector<Image>& images, double limit) {
    OtherAupros others;
    for (const Image& image : images) {
        others.add_image(image.scores.data(), image.mask.data(), image.height, image.width);
    }
    std::map<std::string, NamedAupro> values;
    for (const NamedAupro& value : others.values(limit)) {
        values[value.name] = value;
    }
    return values;
}

TEST(OtherAuproTest, EachRuleEqualsItsPlainDefinition) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        const auto images = random_images(seed, seed % 3 == 0 ? 4 : 0);
        for (const double limit : {0.3, 0.05, 1.0}) {
            const auto values = values_of(images, limit);
            const auto expect = [&](const char* name, double expected, double tolerance = 1e-12) {
                ASSERT_TRUE(values.at(name).value) << name;
                EXPECT_NEAR(*values.at(name).value, expected, tolerance)
                    << name << ", images " << seed << ", limit " << limit;
            };
            expect("mvtec_exact", slow_exact(images, limit, true));
            expect("exact_4", slow_exact(images, limit, false));
            expect("mvtec3d_100", slow_mvtec3d(images, limit));
            if (values.at("uniad_200").value) {
                expect("uniad_200", slow_uniad(images, limit));
            }
            expect("ader_50", slow_strips(images, limit, 50));
            expect("adeval_1000", slow_strips(images, limit, 1000));
            expect("anomalib", slow_exact(images, limit, true), 1e-6);
            expect("pyclad", slow_pyclad(images, limit));
            expect("avf_auc_pro", slow_avf(images));
        }
    }
}

TEST(OtherAuproTest, ExactOnesAreTheMetric) {
    const auto images = random_images(7, 0);
    AuproRanking ranking;
    for (const Image& image : images) {
        ranking.add_image(image.scores.data(), image.mask.data(), image.height, image.width);
    }
    EXPECT_NEAR(*values_of(images, 0.3).at("mvtec_exact").value, *ranking.aupro(0.3).value, 1e-14);
}

// A strictly increasing function of the scores changes no ranking: AU-PRO must not see it. Linear
// steps between the lowest and the highest score do.
TEST(OtherAuproTest, LinearBinsBreakOnHeavyTails) {
    sweeps::RandomStream random(1, "other aupro test");
    std::vector<Image> gaussian(20);
    for (Image& image : gaussian) {
        image.height = image.width = 48;
        image.mask.assign(48 * 48, 0);
        for (int row = 10; row < 18; ++row) {
            std::fill_n(image.mask.begin() + row * 48 + 20, 9, std::uint8_t{1});
        }
        for (const std::uint8_t defect : image.mask) {
            image.scores.push_back(static_cast<float>(random.normal() + (defect != 0 ? 1.5 : 0)));
        }
    }
    std::vector<Image> heavy = gaussian;
    for (Image& image : heavy) {
        for (float& score : image.scores) {
            score = std::exp(3 * score);
        }
    }
    const auto light = values_of(gaussian, 0.3), tailed = values_of(heavy, 0.3);
    for (const char* name : {"mvtec_exact", "exact_4", "mvtec3d_100", "anomalib"}) {
        EXPECT_NEAR(*light.at(name).value, *tailed.at(name).value, 1e-6) << name;
    }
    EXPECT_NEAR(*light.at("pyclad").value, *tailed.at("pyclad").value, 1e-3);
    for (const char* name : {"uniad_200", "ader_50", "adeval_1000"}) {
        EXPECT_NEAR(*light.at(name).value, *light.at("mvtec_exact").value, 0.02) << name;
        EXPECT_LT(*tailed.at(name).value, *light.at(name).value - 0.1) << name;
    }
}

TEST(OtherAuproTest, WithoutARegionOnlyOneHasAnAnswer) {
    Image image;
    image.height = image.width = 2;
    image.scores = {1, 2, 3, 4};
    image.mask = {0, 0, 0, 0};
    for (const auto& [name, value] : values_of({image}, 0.3)) {
        if (name == "anomalib") {
            EXPECT_EQ(value.value, 0.0);
        } else {
            EXPECT_FALSE(value.value) << name;
            EXPECT_FALSE(value.note.empty()) << name;
        }
    }
}

}  // namespace
}  // namespace harrow::analysis
