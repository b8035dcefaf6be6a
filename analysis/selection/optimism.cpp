#include "analysis/selection/optimism.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {
namespace {

double normal_cdf(double x) {
    return std::erfc(-x / std::sqrt(2.0)) / 2;
}

/// Simpson's rule over [0, 12], beyond which the integrands vanish.
template <typename Integrand>
double integral(Integrand integrand) {
    constexpr int kSteps = 4800;
    constexpr double kStep = 12.0 / kSteps;
    double sum = integrand(0.0) + integrand(12.0);
    for (int i = 1; i < kSteps; ++i) {
        sum += (i % 2 == 1 ? 4 : 2) * integrand(i * kStep);
    }
    return sum * kStep / 3;
}

std::size_t best_of(const std::vector<double>& means) {
    return static_cast<std::size_t>(std::max_element(means.begin(), means.end()) - means.begin());
}

}  // namespace

double expected_maximum(std::size_t m) {
    if (m < 2) {
        return 0;
    }
    const auto power = static_cast<double>(m);
    return integral([&](double x) {
        return 1 - std::pow(normal_cdf(x), power) - std::pow(normal_cdf(-x), power);
    });
}

std::optional<double> bootstrap_optimism(const std::vector<std::vector<double>>& values,
                                         sweeps::Goal goal,
                                         sweeps::RandomStream& random,
                                         std::size_t resamples) {
    const std::size_t seeds = values.empty() ? 0 : values.front().size();
    if (values.size() < 2 || seeds < 2) {
        return std::nullopt;
    }
    const double sign = goal == sweeps::Goal::Maximize ? 1 : -1;
    double sum = 0;
    std::size_t used = 0;
    std::vector<double> means(values.size());
    for (std::size_t b = 0; b < resamples; ++b) {
        std::vector<std::size_t> drawn(seeds, 0);
        for (std::size_t i = 0; i < seeds; ++i) {
            ++drawn[random.below(seeds)];
        }
        const auto left_out = std::count(drawn.begin(), drawn.end(), 0U);
        if (left_out == 0) {
            continue;
        }
        for (std::size_t cell = 0; cell < values.size(); ++cell) {
            means[cell] = 0;
            for (std::size_t i = 0; i < seeds; ++i) {
                means[cell] += sign * static_cast<double>(drawn[i]) * values[cell][i];
            }
            means[cell] /= static_cast<double>(seeds);
        }
        const std::size_t best = best_of(means);
        double outside = 0;
        for (std::size_t i = 0; i < seeds; ++i) {
            outside += drawn[i] == 0 ? sign * values[best][i] : 0;
        }
        sum += means[best] - outside / static_cast<double>(left_out);
        ++used;
    }
    return used == 0 ? std::nullopt : std::optional(sum / static_cast<double>(used));
}

WinnersCurse winners_curse(const std::vector<std::vector<double>>& samples,
                           std::size_t configurations,
                           sweeps::Goal goal) {
    WinnersCurse curse;
    curse.configurations = configurations;
    curse.n = samples.front().size();
    curse.expected_max = expected_maximum(configurations);
    double squares = 0;
    std::size_t freedom = 0;
    std::vector<std::vector<double>> alike;
    for (const std::vector<double>& values : samples) {
        const SampleStatistics sample = sample_statistics(values);
        if (sample.std) {
            squares += static_cast<double>(sample.n - 1) * *sample.std * *sample.std;
            freedom += sample.n - 1;
        }
        if (values.size() == curse.n) {
            alike.push_back(values);
        }
    }
    if (configurations < 2) {
        curse.note = "one configuration: nothing was chosen";
        return curse;
    }
    if (freedom == 0) {
        curse.note = "one seed per cell: the spread over seeds is not known";
        return curse;
    }
    curse.sigma = std::sqrt(squares / static_cast<double>(freedom));
    curse.expected = *curse.sigma / std::sqrt(static_cast<double>(curse.n)) * curse.expected_max;
    sweeps::RandomStream random(0, "selection");
    curse.bootstrap = bootstrap_optimism(alike, goal, random);
    if (!curse.bootstrap) {
        curse.note = "no two cells share two seeds: no bootstrap";
    }
    return curse;
}

}  // namespace harrow::analysis
