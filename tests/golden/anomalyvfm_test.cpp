#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/datasets/synthetic_anomalies.hpp"
#include "tests/golden/model_fixture.hpp"
#include "worker/methods/anomalyvfm/attention.hpp"
#include "worker/methods/anomalyvfm/layers.hpp"
#include "worker/methods/anomalyvfm/losses.hpp"
#include "worker/methods/anomalyvfm/mahalanobis.hpp"

namespace harrow::tests {
namespace {

namespace vfm = worker::anomalyvfm;

constexpr const char* kFile = "anomalyvfm.h5";
// The reference's alpha of every layer in the file is twice its rank (B3, B5).
constexpr double kAlphaOverRank = 2;

template <typename Part>
worker::NamedTensors tensors_of(const Part& part) {
    worker::NamedTensors tensors;
    part.collect("", tensors);
    return tensors;
}

std::int64_t extent(const GoldenFile& file, const std::string& path, std::size_t dimension) {
    return file.read(path).shape.at(dimension);
}

/// Options as the shapes of a layer's state say; everything random is off.
vfm::LayerOptions options_of(const GoldenFile& file, const std::string& state) {
    vfm::LayerOptions options;
    options.channels = extent(file, state + "lora_A", 0);
    options.rank = static_cast<int>(extent(file, state + "lora_A", 1));
    options.scale = kAlphaOverRank;
    if (file.has(state + "scale_attention.0.weight")) {
        options.kind = vfm::LayerKind::ScaleAttention;
        options.guide_hidden = extent(file, state + "scale_attention.0.weight", 0);
    } else if (file.has(state + "attention_guide.0.weight")) {
        options.kind = vfm::LayerKind::AttentionGuide;
        options.guide_hidden = extent(file, state + "attention_guide.0.weight", 0);
        options.importance_hidden = extent(file, state + "importance_analyzer.0.weight", 0);
    }
    return options;
}

vfm::Cascade load_cascade(const GoldenFile& file, const std::string& group) {
    worker::Initialiser init = any_initialiser();
    vfm::Cascade cascade(options_of(file, group + "/0."), num_indexed(file, group, ""), init);
    load_state(file, group, tensors_of(cascade));
    return cascade;
}

vfm::Head load_head(const GoldenFile& file, const std::string& group) {
    std::vector<std::int64_t> hidden;
    const std::string first = group + "/0.weight";
    for (int i = 0; i + 1 < num_indexed(file, group, ""); i += 3) {
        hidden.push_back(extent(file, group + "/" + std::to_string(i) + ".weight", 0));
    }
    worker::Initialiser init = any_initialiser();
    vfm::Head head(extent(file, first, 1), hidden, 0, init);
    load_state(file, group, tensors_of(head));
    return head;
}

TEST(Anomalyvfm, CascadeHeadAndLossMatchReference) {
    const GoldenFile file(kFile);
    const vfm::Cascade cascade = load_cascade(file, "v11/lora");
    const vfm::Head head = load_head(file, "v11/head");
    const torch::Tensor x = read_tensor(file, "v11/x");
    const worker::NamedTensors inputs = differentiated(x, tensors_of(cascade));
    vfm::Dropout off;
    const torch::Tensor adapted = cascade(x, false, off).layers.back();
    expect_matches(adapted, file, "v11/adapted");
    expect_matches(vfm::unit_length(adapted), file, "v11/normalised");
    const torch::Tensor logits = head(adapted, off);
    expect_matches(logits, file, "v11/logits");
    const torch::Tensor loss = vfm::anomaly_loss(logits, read_tensor(file, "v11/label"));
    expect_matches(loss, file, "v11/bce");
    int compared = 0;
    for (const worker::NamedTensor& input : inputs) {
        // "1.lora_A" is the dataset grad_A1
        const std::string dataset =
            "v11/grad_" + input.name.substr(input.name.size() - 1) + input.name.substr(0, 1);
        if (file.has(dataset)) {
            expect_matches(
                torch::autograd::grad({loss}, {input.tensor}, {}, true)[0], file, dataset);
            ++compared;
        }
    }
    EXPECT_EQ(compared, static_cast<int>(inputs.size()) - 1);  // all but x
}

TEST(Anomalyvfm, ConfidenceLossMatchesReference) {
    const GoldenFile file(kFile);
    const torch::Tensor features = read_tensor(file, "confidence_loss/features");
    const auto side =
        static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(features.size(1)))));
    const torch::Tensor patches = features.view({features.size(0), side, side, features.size(2)});
    const double temperature = sweeps::TrialConfig().train.confidence_temperature;
    expect_matches(
        vfm::confidence_loss(patches, read_tensor(file, "confidence_loss/mask"), temperature),
        file,
        "confidence_loss/loss");
}

// Every group with a layer, in the reference's form for rows and in the one that mixes a batch.
TEST(Anomalyvfm, LayersWithAttentionMatchReference) {
    const GoldenFile file(kFile);
    int checked = 0;
    for (const std::string& group : groups_of(file)) {
        const std::string state = group + "/layer";
        if (!file.has(state)) {
            continue;
        }
        SCOPED_TRACE(group);
        worker::Initialiser init = any_initialiser();
        const vfm::LayerOptions options = options_of(file, state + "/");
        const vfm::AdaptedLayer layer(options, init);
        load_state(file, state, tensors_of(layer));
        vfm::Dropout off;
        const torch::Tensor x = read_tensor(file, group + "/x2d");
        const vfm::LayerOutput mixed = layer(x, true, off);
        expect_matches(mixed.y, file, group + "/y2d");
        expect_matches(mixed.attention, file, group + "/att2d");
        const vfm::LayerOutput rows = layer(read_tensor(file, group + "/x3d"), true, off);
        expect_matches(rows.y, file, group + "/y3d");
        const bool one_per_image = file.read(group + "/att3d").shape.size() == 1;
        expect_matches(
            one_per_image ? rows.attention.mean(1) : rows.attention, file, group + "/att3d");
        // By default each row stands for itself: the diagonal of what mixing makes.
        const vfm::LayerOutput apart = layer(x, false, off);
        const torch::Tensor diagonal = mixed.y.diagonal(0, 0, 1).t();
        EXPECT_TRUE(torch::allclose(apart.y, diagonal, file.rtol(), file.atol()));
        ++checked;
    }
    EXPECT_EQ(checked, 2);
}

TEST(Anomalyvfm, FusionMatchesReference) {
    const GoldenFile file(kFile);
    const torch::Tensor features = read_tensor(file, "v13/fusion_in");
    const int heads = sweeps::TrialConfig().model.attention_heads;
    worker::Initialiser init = any_initialiser();
    const vfm::ScaleFusion fusion(features.size(2), features.size(0), heads, 0, init);
    load_state(file, "v13/fusion", tensors_of(fusion));
    vfm::Dropout off;
    expect_matches(fusion(features.unbind(0), read_tensor(file, "v13/fusion_att").unbind(0), off),
                   file,
                   "v13/fusion_out");
}

TEST(Anomalyvfm, MahalanobisMatchesReference) {
    const GoldenFile file(kFile);
    for (const std::string& name : groups_of(file, "mahalanobis")) {
        SCOPED_TRACE(name);
        const std::string group = "mahalanobis/" + name;
        const torch::Tensor train = read_tensor(file, group + "/train");
        const torch::Tensor test = read_tensor(file, group + "/test");
        vfm::CovarianceSums sums;
        for (const torch::Tensor& part : train.split(5, 0)) {
            sums.add(part);
        }
        expect_matches(sums.covariance(), file, group + "/covariance");
        const vfm::Gaussian gaussian = vfm::Gaussian::fitted(train);
        for (const vfm::Gaussian& one : {gaussian, vfm::Gaussian::fitted(sums)}) {
            expect_matches(one.mean(), file, group + "/location");
            expect_matches(one.precision(), file, group + "/precision");
            expect_matches(one.squared_distances(train), file, group + "/d2_train");
            expect_matches(one.squared_distances(test), file, group + "/d2_test");
        }
        if (train.size(0) > train.size(1)) {
            expect_matches(gaussian.scores(test), file, group + "/score");
            continue;
        }
        // All d² of the fitted rows are n - 1, and the reference divides by float32 rounding.
        report_skipped(group + "/score", "their scale is rounding; compared up to it");
        const torch::Tensor scores = gaussian.scores(test);
        const torch::Tensor stored = read_tensor(file, group + "/score").to(torch::kFloat64);
        EXPECT_TRUE(torch::allclose(
            (scores / scores.abs().max()).cpu(), (stored / stored.abs().max()).cpu(), 1e-3, 1e-3));
    }
}

// The stored values stand for one row of a channel; every channel is the same here.
TEST(Anomalyvfm, WrappedBytesMatchReference) {
    const GoldenFile file(kFile);
    const std::vector<float> values = file.read("uint8_wrap/normalised").values;
    const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(values.size())));
    ASSERT_EQ(side * side, values.size());
    std::vector<float> channels;
    for (int channel = 0; channel < 3; ++channel) {
        channels.insert(channels.end(), values.begin(), values.end());
    }
    const storage::Image image = storage::wrapped_bytes(channels, static_cast<int>(side));
    for (const char* dataset : {"uint8_wrap/as_uint8", "uint8_wrap/numpy_result"}) {
        const std::vector<float> expected = file.read(dataset).values;
        ASSERT_EQ(image.pixels.size(), 3 * expected.size());
        for (std::size_t i = 0; i < image.pixels.size(); ++i) {
            EXPECT_EQ(static_cast<float>(image.pixels[i]), expected[i / 3]) << dataset << i;
        }
    }
}

}  // namespace
}  // namespace harrow::tests
