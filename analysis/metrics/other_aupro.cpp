#include "analysis/metrics/other_aupro.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace harrow::analysis {
namespace {

/// Trapezoids over points of ascending rate, from the first point on, interpolated at the limit.
/// Not divided.
class LimitedArea {
public:
    explicit LimitedArea(double limit) : limit_(limit) {}

    void add(const OverlapPoint& point) {
        if (has_last_ && last_.fpr < limit_) {
            OverlapPoint end = point;
            if (end.fpr > limit_) {
                const double share = (limit_ - last_.fpr) / (end.fpr - last_.fpr);
                end = {limit_, last_.pro + share * (end.pro - last_.pro)};
            }
            area_ += static_cast<long double>(end.fpr - last_.fpr) * (end.pro + last_.pro) / 2;
        }
        last_ = point;
        has_last_ = true;
    }
    double area() const { return static_cast<double>(area_); }
    double last_rate() const { return std::min(last_.fpr, limit_); }

private:
    double limit_;
    long double area_ = 0;
    OverlapPoint last_;
    bool has_last_ = false;
};

double exact(const OverlapRanks& ranks, double limit) {
    LimitedArea curve(limit);
    curve.add({0, 0});
    ranks.visit_points([&](const OverlapPoint& point) { curve.add(point); });
    return curve.area() / limit;
}

double mvtec3d_100(const OverlapRanks& ranks, double limit) {
    constexpr int kThresholds = 100;
    LimitedArea curve(limit);
    const auto last = static_cast<double>(ranks.num_ok() - 1);
    for (int i = kThresholds - 1; i >= 0; --i) {
        const double place = i == kThresholds - 1 ? last : i * (last / (kThresholds - 1));
        const auto rank = static_cast<std::size_t>(place);
        const double below = static_cast<double>(rank + 1) / static_cast<double>(ranks.num_ok());
        curve.add({1 - below, ranks.above(ranks.ok_score(rank)).pro});
    }
    curve.add({1, 1});
    return curve.area() / limit;
}

NamedAupro uniad_200(const OverlapRanks& ranks, double limit) {
    constexpr int kSteps = 200;
    const double low = ranks.score(0), high = ranks.score(ranks.num_pixels() - 1);
    std::vector<OverlapPoint> kept;
    for (int step = kSteps - 1; step >= 0; --step) {
        const OverlapPoint point = ranks.above(low + step * ((high - low) / kSteps));
        if (point.fpr < limit) {
            kept.push_back(point);
        }
    }
    if (kept.empty() || kept.back().fpr <= kept.front().fpr) {
        return {"uniad_200", std::nullopt, "no two false positive rates below the limit"};
    }
    double area = 0;
    for (std::size_t i = 1; i < kept.size(); ++i) {
        area += (kept[i].fpr - kept[i - 1].fpr) * (kept[i].pro + kept[i - 1].pro) / 2;
    }
    return {"uniad_200", area / (kept.back().fpr - kept.front().fpr)};
}

double strips(const OverlapRanks& ranks, double limit, int count) {
    const double low = ranks.score(0), high = ranks.score(ranks.num_pixels() - 1);
    LimitedArea curve(limit);
    curve.add({0, 0});
    for (int strip = count - 1; strip > 0; --strip) {
        curve.add(ranks.from(low + strip * ((high - low) / count)));
    }
    curve.add({1, 1});
    return curve.area() / limit;
}

double anomalib(const OverlapRanks& ranks, double limit) {
    LimitedArea curve(limit);
    curve.add({0, 0});
    ranks.visit_points([&](const OverlapPoint& point) {
        const auto false_positives =
            static_cast<float>(point.fpr * static_cast<double>(ranks.num_ok()));
        curve.add(
            {false_positives / static_cast<float>(ranks.num_ok()), static_cast<float>(point.pro)});
    });
    return curve.area() / curve.last_rate();
}

double pyclad(const OverlapRanks& ranks, double limit) {
    constexpr int kPercentiles = 300;
    const auto last = static_cast<double>(ranks.num_pixels() - 1);
    double area = 0;
    OverlapPoint before;
    for (int i = kPercentiles - 1; i >= 0; --i) {
        const double place = last * i / (kPercentiles - 1);
        const auto rank = static_cast<std::size_t>(place);
        const double low = ranks.score(rank);
        const double high = ranks.score(std::min(rank + 1, ranks.num_pixels() - 1));
        const OverlapPoint point =
            ranks.from(low + (place - static_cast<double>(rank)) * (high - low));
        if (point.fpr > limit) {
            break;
        }
        area += (point.fpr - before.fpr) * (point.pro + before.pro) / 2;
        before = point;
    }
    return (area + (limit - before.fpr) * before.pro) / limit;
}

}  // namespace

const std::vector<AuproRule>& aupro_rules() {
    static const std::vector<AuproRule> rules = {
        {"mvtec_exact", "every distinct score, corners connect", "MVTec AD evaluation code"},
        {"exact_4", "every distinct score, sides connect", "scipy.ndimage.label's default"},
        {"mvtec3d_100", "100 ranks of OK scores", "MVTec 3D-AD evaluation code"},
        {"uniad_200", "200 linear steps, rates stretched", "cal_pro_score of UniAD, CFLOW, RD4AD"},
        {"ader_50", "50 linear strips", "ADEval as ADer calls it"},
        {"adeval_1000", "1000 linear strips", "ADEval"},
        {"anomalib", "every distinct score in float32", "anomalib AUPRO since PR 3115"},
        {"pyclad", "300 percentiles, sides connect, flat to the limit", "pyCLAD PixelAUPRO"},
        {"avf_auc_pro", "100 thresholds in [0, 1], per image, no limit", "AnomalyVFM"}};
    return rules;
}

void OtherAupros::reserve(std::size_t pixels) {
    corners_.reserve(pixels);
    sides_.reserve(pixels);
}

void OtherAupros::add_image(const float* scores, const std::uint8_t* mask, int height, int width) {
    corners_.add_image(scores, mask, height, width);
    sides_.add_image(scores, mask, height, width);
    image_curve_.add_image(scores, mask, height, width);
}

std::vector<NamedAupro> OtherAupros::values(double limit) {
    if (!(limit > 0 && limit <= 1)) {
        throw std::invalid_argument("aupro: the limit of the false positive rate lies in (0, 1]");
    }
    std::vector<NamedAupro> values;
    if (corners_.num_regions() == 0 || corners_.num_ok() == 0) {
        const char* note =
            corners_.num_regions() == 0 ? "no defect region" : "no pixel outside of defect regions";
        for (const AuproRule& rule : aupro_rules()) {
            values.push_back({rule.name, std::nullopt, note});
            if (values.back().name == "anomalib" && corners_.num_regions() == 0) {
                values.back() = {rule.name, 0.0};  // as it says itself
            }
        }
        return values;
    }
    corners_.rank();
    sides_.rank();
    values = {{"mvtec_exact", exact(corners_, limit)},
              {"exact_4", exact(sides_, limit)},
              {"mvtec3d_100", mvtec3d_100(corners_, limit)},
              uniad_200(corners_, limit),
              {"ader_50", strips(corners_, limit, 50)},
              {"adeval_1000", strips(corners_, limit, 1000)},
              {"anomalib", anomalib(corners_, limit)},
              {"pyclad", pyclad(sides_, limit)},
              {"avf_auc_pro", image_curve_.area()}};
    return values;
}

}  // namespace harrow::analysis
