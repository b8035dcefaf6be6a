#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/methods/moleflow/input_stages.hpp"

namespace harrow::tests {
namespace {

void check_gradients(const GoldenFile& file,
                     const std::string& group,
                     const worker::SpatialContextMixer& mixer,
                     const worker::NamedTensors& tensors) {
    const torch::Tensor x = read_tensor(file, group + "/x");
    const worker::NamedTensors inputs = differentiated(x, tensors);
    const torch::Tensor objective = (mixer.forward(x) * read_tensor(file, group + "/g_out")).sum();
    EXPECT_GT(expect_gradients(file, group, "", objective, inputs), 0);
}

// Groups are named <mode>_k<kernel>.
TEST(SpatialContextMixer, MatchesReference) {
    const GoldenFile file("spatial_context_mixer.h5");
    for (const std::string& size : groups_of(file)) {
        for (const std::string& name : groups_of(file, size)) {
            const std::string group = size + "/" + name;
            SCOPED_TRACE(group);
            const torch::Tensor x = read_tensor(file, group + "/x");
            const auto kernel = file.read(group + "/state/depthwise_conv.weight").shape.at(3);
            worker::Initialiser init = any_initialiser();
            const worker::SpatialContextMixer mixer(
                x.size(3),
                worker::parse_mixer_mode(name.substr(0, name.rfind("_k"))),
                static_cast<int>(kernel),
                init);
            worker::NamedTensors tensors;
            mixer.collect("", tensors);
            load_state(file, group + "/state", tensors);
            expect_matches(mixer.forward(x), file, group + "/y");
            if (file.has(group + "/g_out")) {
                check_gradients(file, group, mixer, tensors);
            }
        }
    }
}

}  // namespace
}  // namespace harrow::tests
