#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "sweeps/backbones.hpp"
#include "tests/support/random_weights.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::tests {

/// [count,3,size,size], the same each time.
inline torch::Tensor seeded_images(std::int64_t count, std::int64_t size, std::uint64_t seed = 7) {
    const auto generator = at::detail::createCPUGenerator(seed);
    return torch::randn({count, 3, size, size}, generator, torch::kFloat32);
}

inline std::vector<float> values_of(const torch::Tensor& tensor) {
    const torch::Tensor flat = tensor.to(torch::kFloat32).contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

/// A configuration whose weights lie in a directory that goes with this.
class BackboneFiles : public ::testing::Test {
protected:
    static void SetUpTestSuite() { at::set_num_threads(1); }

    static const sweeps::BackboneArchitecture& known(const std::string& name) {
        return *sweeps::find_backbone(name);
    }
    std::string file(const std::string& name) const { return (place_ / name).string(); }
    /// Random weights, written once per test.
    sweeps::BackboneConfig config(const sweeps::BackboneArchitecture& architecture,
                                  Naming naming = Naming::Timm) const {
        sweeps::BackboneConfig config;
        config.name = architecture.name;
        config.weights = file(architecture.name + (naming == Naming::Timm ? "" : ".hf"));
        if (!std::filesystem::exists(config.weights)) {
            write_random_weights(config.weights, architecture, 11, naming);
        }
        return config;
    }

    storage::testing::TemporaryDirectory place_;
};

}  // namespace harrow::tests
