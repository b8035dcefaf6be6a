#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/metrics/aupro.hpp"
#include "analysis/metrics/image_overlap_curve.hpp"
#include "analysis/metrics/overlap_ranks.hpp"

namespace harrow::analysis {

/// A number that somebody calls AU-PRO.
struct NamedAupro {
    std::string name;
    std::optional<double> value;
    std::string note = {};  ///< why it is absent
};

/// How one is computed, for people.
struct AuproRule {
    const char* name;
    const char* rule;
    const char* source;
};

/// The rules below, in the order of OtherAupros::values().
const std::vector<AuproRule>& aupro_rules();

/// The same maps under the rules of other implementations, for tables that compare with published
/// numbers; for one's own results AuproRanking is the metric. Written from the rules, not from the
/// code. Each takes the limit of the false positive rate but avf_auc_pro, which has none.
///
///   mvtec_exact     MVTec AD's evaluation code: every distinct score, regions that touch at
///   corners
///                   are one, interpolated at the limit (AuproRanking)
///   exact_4         the same with regions that touch at their sides (scipy.ndimage.label's
///   default) mvtec3d_100     MVTec 3D-AD's evaluation code: thresholds are 100 equidistant ranks
///   of the
///                   sorted OK scores, predicted is what is above (>), rates by rank, then (1, 1)
///   uniad_200       cal_pro_score of UniAD, CFLOW and RD4AD: 200 steps from the lowest to the
///                   highest score (>); keeps rates strictly below the limit and stretches them to
///                   [0, 1]; no interpolation
///   ader_50         ADEval as ADer calls it: scores in 50 strips of equal width
///   adeval_1000     ADEval's own default of 1000 strips; both interpolated at the limit
///   anomalib        anomalib >= 2.1: every distinct score, rates and overlaps rounded to float32,
///                   divided by the last rate; without a region 0
///   pyclad          pyCLAD PixelAUPRO: 300 percentiles of all scores (>=), regions as in exact_4;
///                   from the last point below the limit on the curve is flat
///   avf_auc_pro     calculate_auc_pro of AnomalyVFM: ImageOverlapCurve of 100 thresholds; no limit
class OtherAupros {
public:
    /// As AuproRanking::add_image; scores are finite.
    void add_image(const float* scores, const std::uint8_t* mask, int height, int width);
    void reserve(std::size_t pixels);
    /// Throws std::invalid_argument unless 0 < limit <= 1. Ranks: to be called once.
    std::vector<NamedAupro> values(double limit);

private:
    OverlapRanks corners_{Connectivity::Eight};
    OverlapRanks sides_{Connectivity::Four};
    ImageOverlapCurve image_curve_{100};
};

}  // namespace harrow::analysis
