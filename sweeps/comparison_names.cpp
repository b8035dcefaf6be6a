#include "sweeps/comparison_names.hpp"

namespace harrow::sweeps {

const std::vector<std::string>& comparison_tests() {
    static const std::vector<std::string> names = {
        "paired_t", "wilcoxon", "welch", "permutation", "friedman", "bayes"};
    return names;
}

const std::vector<std::string>& comparison_adjustments() {
    static const std::vector<std::string> names = {"none", "holm", "bonferroni", "bh"};
    return names;
}

}  // namespace harrow::sweeps
