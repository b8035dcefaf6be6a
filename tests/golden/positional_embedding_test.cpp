#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/methods/moleflow/input_stages.hpp"

namespace harrow::tests {
namespace {

TEST(PositionalEmbedding, MatchesReference) {
    const GoldenFile file("positional_embedding.h5");
    for (const std::string& group : groups_of(file)) {
        const torch::Tensor x = read_tensor(file, group + "/x");
        const torch::Tensor position =
            worker::positional_embedding(x.size(1), x.size(2), x.size(3), device_under_test());
        expect_matches(position.permute({2, 0, 1}), file, group + "/pe");
        expect_matches(x + position, file, group + "/y");
    }
}

}  // namespace
}  // namespace harrow::tests
