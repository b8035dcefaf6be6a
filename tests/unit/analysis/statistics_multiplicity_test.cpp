#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/statistics/multiplicity.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

using P = std::vector<std::optional<double>>;

TEST(MultiplicityTest, AgreesWithStatsmodels) {
    for (const auto& expected : oracle("multiplicity")) {
        const std::vector<double> values = numbers(expected.at("p"));
        const P p(values.begin(), values.end());
        const auto check = [&](const char* name, Adjustment adjustment) {
            SCOPED_TRACE(name);
            const P adjusted = adjust_p_values(p, adjustment);
            for (std::size_t i = 0; i < p.size(); ++i) {
                EXPECT_TRUE(close_to(adjusted[i], expected.at(name).at(i)));
            }
        };
        check("holm", Adjustment::Holm);
        check("bonferroni", Adjustment::Bonferroni);
        check("bh", Adjustment::Bh);
        EXPECT_EQ(adjust_p_values(p, Adjustment::None), p);
    }
}

TEST(MultiplicityTest, AbsentValuesAreNoTests) {
    const P p{0.02, std::nullopt, 0.01};
    EXPECT_EQ(adjust_p_values(p, Adjustment::Holm), (P{0.02, std::nullopt, 0.02}));
    EXPECT_EQ(adjust_p_values(p, Adjustment::Bonferroni), (P{0.04, std::nullopt, 0.02}));
    EXPECT_EQ(adjust_p_values(p, Adjustment::Bh), (P{0.02, std::nullopt, 0.02}));
    EXPECT_TRUE(adjust_p_values({}, Adjustment::Holm).empty());
    EXPECT_THROW(adjust_p_values({NAN}, Adjustment::Holm), std::invalid_argument);
    EXPECT_THROW(adjust_p_values({1.5}, Adjustment::None), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
