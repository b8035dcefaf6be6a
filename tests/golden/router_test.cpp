#include "worker/methods/moleflow/router.hpp"

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"

namespace harrow::tests {
namespace {

// float64 on both sides; the rest is the rounding of what is stored as float32.
constexpr double kDoubleRtol = 1e-4;
constexpr double kDoubleAtol = 1e-6;

worker::PrototypeRouter learned(const GoldenFile& file,
                                const std::string& group,
                                worker::RouterDistance distance) {
    worker::PrototypeRouter router(distance);
    for (std::size_t task = 0; task < groups_of(file, group).size(); ++task) {
        router.learn(read_tensor(file, group + "/task" + std::to_string(task) + "/train_features"));
    }
    return router;
}

void check_prototypes(const GoldenFile& file,
                      const std::string& group,
                      const worker::PrototypeRouter& router) {
    for (std::size_t task = 0; task < router.prototypes().size(); ++task) {
        const std::string stored = group + "/task" + std::to_string(task);
        const worker::Prototype& prototype = router.prototypes()[task];
        expect_matches(prototype.mean, file, stored + "/mean");
        expect_matches(prototype.covariance, file, stored + "/covariance");
        const auto shape = file.read(stored + "/train_features").shape;
        if (shape.at(0) <= shape.at(1)) {
            report_skipped(stored + "/precision", "the float32 inverse is ill-conditioned");
            continue;
        }
        // Small entries of the reference's float32 inverse carry the rounding of its largest.
        const torch::Tensor precision = torch::cholesky_inverse(prototype.cholesky);
        const double largest = precision.abs().max().item<double>();
        expect_matches(precision, file, stored + "/precision", file.rtol(), file.atol() * largest);
    }
}

void check_routing(const GoldenFile& file, const std::string& group) {
    const torch::Tensor test = read_tensor(file, group + "/test_features");
    const auto mahalanobis = learned(file, group, worker::RouterDistance::Mahalanobis);
    check_prototypes(file, group, mahalanobis);
    const torch::Tensor distances = mahalanobis.distances(test);
    expect_matches(distances.t(), file, group + "/dist64_mahalanobis", kDoubleRtol, kDoubleAtol);
    // The reference's float32 distances; 2e-2 is what the fixture allows where they suffer most.
    expect_matches(distances.t(), file, group + "/mahalanobis", 2e-2, file.atol());
    expect_matches(distances.argmin(1), file, group + "/route", 0, 0);

    const torch::Tensor euclidean =
        learned(file, group, worker::RouterDistance::Euclidean).distances(test);
    expect_matches(euclidean.t(), file, group + "/euclidean");
    expect_matches(euclidean.argmin(1), file, group + "/route_euclidean", 0, 0);
}

TEST(Router, MatchesReference) {
    const GoldenFile file("router.h5");
    int checked = 0;
    for (const std::string& group : groups_of(file)) {
        SCOPED_TRACE(group);
        if (file.has(group + "/test_features")) {
            check_routing(file, group);
            ++checked;
        } else {
            report_skipped(group, "incremental, regional and two-stage prototypes do not exist");
        }
    }
    EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace harrow::tests
