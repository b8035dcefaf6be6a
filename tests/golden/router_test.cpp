#include "worker/methods/router.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"

namespace harrow::tests {
namespace {

// The file's note: what float32 precision of a rank-deficient covariance allows for distances.
constexpr double kDeficientRtol = 2e-2;

std::string task_group(const std::string& group, int task) {
    return group + "/task" + std::to_string(task);
}

worker::PrototypeRouter learned(const GoldenFile& file,
                                const std::string& group,
                                worker::RouterDistance distance) {
    worker::PrototypeRouter router(distance);
    for (const int task : tasks_of(file, group)) {
        router.learn(read_tensor(file, task_group(group, task) + "/train_features"));
    }
    return router;
}

// No more images than channels: the covariance of images alone has no inverse.
bool is_deficient(const GoldenFile& file, const std::string& group, int task) {
    const auto shape = file.read(task_group(group, task) + "/train_features").shape;
    return shape.at(0) <= shape.at(1);
}

double distance_rtol(const GoldenFile& file, const std::string& group) {
    const std::vector<int> tasks = tasks_of(file, group);
    const bool any = std::any_of(
        tasks.begin(), tasks.end(), [&](int task) { return is_deficient(file, group, task); });
    return any ? std::max(kDeficientRtol, file.rtol()) : file.rtol();
}

void check_prototypes(const GoldenFile& file,
                      const std::string& group,
                      const worker::PrototypeRouter& router) {
    const std::vector<int> tasks = tasks_of(file, group);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const std::string stored = task_group(group, tasks[i]);
        const worker::Prototype& prototype = router.prototypes().at(i);
        expect_matches(prototype.mean, file, stored + "/mean");
        expect_matches(prototype.cholesky.mm(prototype.cholesky.t()), file, stored + "/covariance");
        if (is_deficient(file, group, tasks[i])) {
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
    if (file.has(group + "/dist64_mahalanobis")) {
        expect_matches(distances.t(), file, group + "/dist64_mahalanobis");
    }
    expect_matches(
        distances.t(), file, group + "/mahalanobis", distance_rtol(file, group), file.atol());
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
