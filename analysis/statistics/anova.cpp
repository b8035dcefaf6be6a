#include "analysis/statistics/anova.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <boost/math/distributions/fisher_f.hpp>

#include "analysis/statistics/factor_design.hpp"
#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {
namespace {

void check(const std::vector<double>& values,
           const std::vector<AnovaFactor>& factors,
           std::size_t max_order) {
    require_finite(values, "anova");
    if (max_order == 0) {
        throw std::invalid_argument("anova: interactions of at least one factor expected");
    }
    for (const AnovaFactor& factor : factors) {
        if (factor.levels.size() != values.size()) {
            throw std::invalid_argument("anova: factor " + factor.name +
                                        " needs one level per value");
        }
    }
}

// All sets of up to max_order factors, small sets first; factors of one level have no effect.
std::vector<AnovaTerm> list_terms(const std::vector<AnovaFactor>& factors,
                                  const FactorDesign& design,
                                  std::size_t max_order) {
    std::vector<AnovaTerm> terms;
    for (std::size_t f = 0; f < factors.size(); ++f) {
        if (design.num_levels[f] > 1) {
            terms.emplace_back().factors = {f};
        }
    }
    const std::size_t main_effects = terms.size();
    for (std::size_t t = 0; t < terms.size(); ++t) {
        const std::vector<std::size_t> smaller = terms[t].factors;
        for (std::size_t m = 0; m < main_effects && smaller.size() < max_order; ++m) {
            const std::size_t added = terms[m].factors.front();
            if (added > smaller.back() && !factors[added].block &&
                !factors[smaller.front()].block) {
                terms.emplace_back().factors = smaller;
                terms.back().factors.push_back(added);
            }
        }
    }
    for (AnovaTerm& term : terms) {
        for (const std::size_t factor : term.factors) {
            term.name += (term.name.empty() ? "" : ":") + factors[factor].name;
        }
    }
    return terms;
}

bool contains(const AnovaTerm& term, const AnovaTerm& smaller) {
    return std::includes(
        term.factors.begin(), term.factors.end(), smaller.factors.begin(), smaller.factors.end());
}

std::size_t nominal_df(const AnovaTerm& term, const FactorDesign& design) {
    std::size_t df = 1;
    for (const std::size_t factor : term.factors) {
        df *= design.num_levels[factor] - 1;
    }
    return df;
}

std::vector<double> weighted_means(const FactorDesign& design) {
    std::vector<double> response = design.means;
    for (std::size_t cell = 0; cell < response.size(); ++cell) {
        response[cell] *= design.weights[cell];
    }
    return response;
}

// Fills df and sum_squares of `term`; terms of balanced data are orthogonal already.
void fit_term(AnovaTerm& term,
              const std::vector<AnovaTerm>& terms,
              const FactorDesign& design,
              const std::vector<double>& response) {
    OrthonormalBasis basis;
    if (!design.balanced) {
        basis.add(term_columns(design, {}));
        for (const AnovaTerm& other : terms) {
            if (!contains(other, term)) {
                basis.add(term_columns(design, other.factors));
            }
        }
    }
    const std::size_t first = basis.size();
    term.df = basis.add(term_columns(design, term.factors));
    term.sum_squares = basis.explained(response, first);
    const std::size_t nominal = nominal_df(term, design);
    if (term.df == 0) {
        term.note = "combinations are missing: not separable from other terms";
    } else if (term.df < nominal) {
        term.note = "combinations are missing: " + std::to_string(term.df) + " of " +
                    std::to_string(nominal) + " degrees of freedom";
    }
}

// What no term explains: within cells, and between cells where high interactions are left out.
void set_residual(Anova& result, const FactorDesign& design, const std::vector<double>& response) {
    OrthonormalBasis basis;
    basis.add(term_columns(design, {}));
    std::size_t rank = 1;
    double explained = 0;
    for (const AnovaTerm& term : result.terms) {
        rank += design.balanced ? term.df : basis.add(term_columns(design, term.factors));
        explained += design.balanced ? term.sum_squares : 0;
    }
    if (!design.balanced) {
        explained = basis.explained(response, 0);
    }
    double between = 0;
    for (const double value : response) {
        between += value * value;
    }
    result.residual_df = result.n - rank;
    result.residual_squares = design.within_squares;
    if (rank < design.means.size()) {  // else every cell mean is fitted exactly
        result.residual_squares += std::max(0.0, between - explained);
    }
}

void set_effect(AnovaTerm& term, const Anova& result, double noise) {
    const std::string& missing = term.df == 0 ? term.note : result.note;
    if (term.df == 0 || result.residual_df == 0) {
        term.partial_eta2.note = term.omega2.note = missing;
        return;
    }
    const bool exact_fit = result.residual_squares <= noise;
    const bool no_effect = term.sum_squares <= noise;
    if (exact_fit && no_effect) {
        term.partial_eta2.note = "neither the term nor the error varies";
    } else {
        term.partial_eta2.value = term.sum_squares / (term.sum_squares + result.residual_squares);
    }
    const auto df = static_cast<double>(term.df),
               df_error = static_cast<double>(result.residual_df);
    const double error = result.residual_squares / df_error;
    if (result.total_squares > noise) {
        term.omega2.value = (term.sum_squares - df * error) / (result.total_squares + error);
    } else {
        term.omega2.note = "all values are equal";
    }
    if (exact_fit) {
        term.p = no_effect ? 1.0 : 0.0;
        term.note =
            no_effect ? "the term explains nothing" : "the model fits exactly: F is infinite";
        return;
    }
    term.f = term.sum_squares / df / error;
    const boost::math::fisher_f distribution(df, df_error);
    term.p = boost::math::cdf(complement(distribution, *term.f));
}

}  // namespace

Anova anova(const std::vector<double>& values,
            const std::vector<AnovaFactor>& factors,
            std::size_t max_order) {
    check(values, factors, max_order);
    Anova result;
    result.n = values.size();
    if (values.size() < 2) {
        result.note = "an analysis of variance needs two values";
        return result;
    }
    const FactorDesign design = make_design(values, factors);
    require_finite({design.total_squares}, "anova: sum of squares");
    result.balanced = design.balanced;
    result.total_squares = design.total_squares;
    result.terms = list_terms(factors, design, max_order);
    if (result.terms.empty()) {
        result.note = "no factor has two levels";
        return result;
    }
    const std::vector<double> response = weighted_means(design);
    for (AnovaTerm& term : result.terms) {
        fit_term(term, result.terms, design, response);
    }
    set_residual(result, design, response);
    if (result.residual_df == 0) {
        result.note = "no replicates: the error cannot be estimated, leave out interactions";
    }
    // Squares of rounding errors are no variation.
    const double rounding = rounding_noise(values, {});
    const double noise = static_cast<double>(result.n) * rounding * rounding;
    for (AnovaTerm& term : result.terms) {
        set_effect(term, result, noise);
    }
    return result;
}

}  // namespace harrow::analysis
