#include "analysis/metrics/aupro.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>

#include "analysis/metrics/score_keys.hpp"

namespace harrow::analysis {
namespace {

// Kahan's sum: millions of small terms with the rounding error of one.
class CompensatedSum {
public:
    void add(double term) {
        const double corrected = term - lost_;
        const double next = sum_ + corrected;
        lost_ = (next - sum_) - corrected;
        sum_ = next;
    }
    double value() const { return sum_; }

private:
    double sum_ = 0, lost_ = 0;
};

// Walks along the curve in units of false positives and found regions, up to a limit.
class OverlapCurve {
public:
    explicit OverlapCurve(double limit) : limit_(limit) {}

    // Scores with OK pixels alone.
    void move_right(double false_positives) { step(false_positives, 0); }

    // One score with OK pixels and defects, which find `overlap` more.
    void step(double false_positives, double overlap) {
        const double width = std::min(false_positives, limit_ - false_positives_);
        if (width > 0) {  // the part of the line that lies before the limit
            const double reached = overlap * (width / false_positives);
            area_.add(width * (found_.value() + reached / 2));
        }
        false_positives_ += false_positives;
        found_.add(overlap);
    }

    double area() const { return area_.value(); }
    double false_positives() const { return false_positives_; }

private:
    double limit_, false_positives_ = 0;
    CompensatedSum found_, area_;
};

void require_limit(double limit) {
    if (!(limit > 0 && limit <= 1)) {
        throw std::invalid_argument("aupro: the limit of the false positive rate lies in (0, 1]");
    }
}

}  // namespace

double aupro_of_ranked(const std::vector<std::uint32_t>& ok,
                       const std::vector<RegionPixel>& defects,
                       const std::vector<double>& areas,
                       std::size_t ok_pixels,
                       double limit) {
    require_limit(limit);
    const double last = limit * static_cast<double>(ok_pixels);
    OverlapCurve curve(last);
    std::size_t ok_left = ok.size();
    for (std::size_t left = defects.size(); left > 0 && curve.false_positives() < last;) {
        const std::uint32_t key = defects[left - 1].key;
        const std::size_t above = ok_left;
        while (ok_left > 0 && ok[ok_left - 1] > key) {
            --ok_left;
        }
        curve.move_right(static_cast<double>(above - ok_left));
        const std::size_t at_or_above = ok_left;
        while (ok_left > 0 && ok[ok_left - 1] == key) {
            --ok_left;
        }
        double overlap = 0;
        while (left > 0 && defects[left - 1].key == key) {
            overlap += 1 / areas[defects[--left].region];
        }
        curve.step(static_cast<double>(at_or_above - ok_left), overlap);
    }
    curve.move_right(static_cast<double>(ok_left));
    return std::clamp(curve.area() / (last * static_cast<double>(areas.size())), 0.0, 1.0);
}

void AuproRanking::add_ok_pixels(const float* begin, const float* end) {
    const std::size_t before = ok_keys_.size();
    ok_keys_.resize(before + static_cast<std::size_t>(end - begin));
    std::uint32_t* key = ok_keys_.data() + before;
    std::uint64_t non_finite = 0;
    for (const float* score = begin; score != end; ++score) {
        non_finite += std::isfinite(*score) ? 0 : 1;
        *key++ = key_of(*score);
    }
    non_finite_ += non_finite;
}

void AuproRanking::add_image(const float* scores, const std::uint8_t* mask, int height, int width) {
    const Regions regions = find_regions(mask, height, width, connectivity_);
    const auto first = static_cast<std::uint32_t>(areas_.size());
    areas_.insert(areas_.end(), regions.areas.begin(), regions.areas.end());
    std::size_t position = 0;
    for (const RegionRun& run : regions.runs) {
        add_ok_pixels(scores + position, scores + run.begin);
        for (position = run.begin; position < run.end; ++position) {
            non_finite_ += std::isfinite(scores[position]) ? 0 : 1;
            defects_.push_back({key_of(scores[position]), first + run.region});
        }
    }
    add_ok_pixels(scores + position,
                  scores + static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
}

std::vector<std::uint32_t> AuproRanking::ok_from(std::uint32_t lowest) const {
    const auto in_range = [&](std::uint32_t key) { return key >= lowest; };
    std::vector<std::uint32_t> keys, scratch;
    keys.reserve(
        static_cast<std::size_t>(std::count_if(ok_keys_.begin(), ok_keys_.end(), in_range)));
    std::copy_if(ok_keys_.begin(), ok_keys_.end(), std::back_inserter(keys), in_range);
    radix_sort(keys, scratch, [](std::uint32_t key) { return key; });
    return keys;
}

std::vector<RegionPixel> AuproRanking::defects_from(std::uint32_t lowest) const {
    std::vector<RegionPixel> pixels, scratch;
    std::copy_if(defects_.begin(),
                 defects_.end(),
                 std::back_inserter(pixels),
                 [&](const RegionPixel& pixel) { return pixel.key >= lowest; });
    radix_sort(pixels, scratch, [](const RegionPixel& pixel) { return pixel.key; });
    return pixels;
}

Aupro AuproRanking::aupro(double limit) const {
    require_limit(limit);
    Aupro result;
    result.regions = areas_.size();
    result.ok_pixels = ok_keys_.size();
    result.non_finite = non_finite_;
    if (non_finite_ > 0 || areas_.empty() || ok_keys_.empty()) {
        result.note = non_finite_ > 0  ? "scores are NaN or infinite"
                      : areas_.empty() ? "no defect region"
                                       : "no pixel outside of defect regions";
        return result;
    }
    // At the score of this rank the rate reaches the limit; lower scores do not matter.
    const double last = limit * static_cast<double>(ok_keys_.size());
    const auto rank = std::min(ok_keys_.size(), static_cast<std::size_t>(std::ceil(last)));
    const std::uint32_t lowest = kth_largest_key(ok_keys_, std::max<std::size_t>(rank, 1));
    result.value =
        aupro_of_ranked(ok_from(lowest), defects_from(lowest), areas_, ok_keys_.size(), limit);
    return result;
}

}  // namespace harrow::analysis
