#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/strips.hpp"

namespace harrow::analysis {

/// One test image under the final model of a trial.
struct ScoredImage {
    std::string path;  ///< relative to the data set's root
    bool is_defective = false;
    double score = 0;         ///< of the expert that the router chose
    double oracle_score = 0;  ///< of its class's own expert
    int task = 0;             ///< that brought its class
    int expert = 0;           ///< the task whose expert it went to
    double mistake = 0;       ///< see rate_mistakes
};

struct ScoredClass {
    std::string name;
    std::vector<ScoredImage> images;
};

/// A good image's mistake is the share of the defective ones of its class that score lower; a
/// defective one's is the share of the good ones that score higher. 0 where there are no others.
void rate_mistakes(std::vector<ScoredImage>& images);

enum class GalleryKind {
    Worst,      ///< largest mistakes first
    Best,       ///< smallest mistakes first, clearest scores first among equals
    Misrouted,  ///< only those scored by another task's expert, largest mistakes first
};

struct ChosenImage {
    std::size_t class_index = 0, image = 0;
};

/// Up to `count` images; the classes take turns, so that every class shows. Defective ones come
/// first among equals.
std::vector<ChosenImage> choose_images(const std::vector<ScoredClass>& classes,
                                       GalleryKind kind,
                                       std::size_t count);

/// A colour scale that single extreme patches do not spoil: from the 1st to the 99.9th percentile
/// (nearest rank) of the finite patch scores; {0, 1} when there is none.
ValueRange robust_range(std::vector<float> scores);

}  // namespace harrow::analysis
