#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "sweeps/error.hpp"
#include "tests/unit/worker/small_anomalyvfm.hpp"
#include "worker/methods/anomalyvfm/adapter_model.hpp"
#include "worker/methods/anomalyvfm/attention.hpp"
#include "worker/methods/anomalyvfm/layers.hpp"
#include "worker/methods/anomalyvfm/mahalanobis.hpp"

namespace harrow::worker::anomalyvfm {
namespace {

using vfm_tests::config_of;
using vfm_tests::kChannels;
using vfm_tests::random_rows;

const std::vector<std::string> kVersions = {"1.1", "1.2", "1.3", "1.4"};

/// Weights as after some training: nothing is zero.
AdapterModel trained_model(const sweeps::TrialConfig& config, std::int64_t channels) {
    Initialiser init(3, "init", torch::kCPU), head(3, "head", torch::kCPU);
    AdapterModel model(config, channels, AdapterModel::Purpose::Training, init, head);
    for (const NamedTensor& named : model.named_tensors()) {
        if (named.name.find("lora_B") != std::string::npos) {
            torch::Tensor target = named.tensor;
            target.copy_(init.normal(target.sizes(), 0.1));
        }
    }
    return model;
}

/// Smallest cosine between two rows.
double least_cosine(const torch::Tensor& rows) {
    const torch::Tensor unit = unit_length(rows.to(torch::kFloat64));
    return unit.mm(unit.t()).min().item<double>();
}

torch::Tensor features_of(const sweeps::TrialConfig& config,
                          std::int64_t channels,
                          std::int64_t batch) {
    Dropout off;
    const torch::Tensor images = random_rows({batch, vfm_tests::scales_of(config), channels}, 5);
    return trained_model(config, channels).adapted_images(images, off).features.back();
}

TEST(AnomalyvfmLayers, ACascadeIsTheIdentityAtInitialisation) {
    for (const LayerKind kind :
         {LayerKind::Plain, LayerKind::ScaleAttention, LayerKind::AttentionGuide}) {
        LayerOptions options;
        options.kind = kind;
        options.channels = kChannels;
        options.rank = 4;
        options.scale = 2;
        options.guide_hidden = options.importance_hidden = 4;
        Initialiser init(3, "init", torch::kCPU);
        const Cascade cascade(options, 3, init);
        const torch::Tensor x = random_rows({5, kChannels}, 1);
        Dropout off, on(3, "dropout");
        EXPECT_TRUE(cascade(x, false, off).layers.back().equal(x));
        EXPECT_TRUE(cascade(x, false, on).layers.back().equal(x));
    }
}

TEST(AnomalyvfmLayers, OnlyDropoutMakesFeaturesDiffer) {
    for (const std::string& version : kVersions) {
        const sweeps::TrialConfig config = config_of(version);
        const AdapterModel model = trained_model(config, kChannels);
        const torch::Tensor images = random_rows({8, vfm_tests::scales_of(config), kChannels}, 1);
        const auto features = [&](Dropout dropout) {
            return model.adapted_images(images, dropout).features.back();
        };
        EXPECT_TRUE(features({}).equal(features({}))) << version;
        EXPECT_TRUE(features({7, "a"}).equal(features({7, "a"}))) << version;
        EXPECT_FALSE(features({7, "a"}).equal(features({7, "b"}))) << version;
        EXPECT_FALSE(features({7, "a"}).equal(features({8, "a"}))) << version;
        EXPECT_FALSE(features({7, "a"}).equal(features({}))) << version;
    }
}

TEST(AnomalyvfmLayers, DropoutKeepsItsShareAndTheMean) {
    const torch::Tensor x = torch::ones({200, 500});
    Dropout dropout(1, "dropout");
    const torch::Tensor y = dropout(x, 0.1);
    EXPECT_NEAR(y.eq(0).to(torch::kFloat64).mean().item<double>(), 0.1, 0.005);
    EXPECT_NEAR(y.mean().item<double>(), 1, 0.005);
}

// B7-1: what the reference's broadcast does to images of one batch.
TEST(AnomalyvfmLayers, MixingMakesTheFeaturesOfABatchNearlyEqual) {
    constexpr std::int64_t kWide = 768;
    for (const std::string version : {"1.3", "1.4"}) {
        sweeps::TrialConfig config = config_of(version);
        const double apart = least_cosine(features_of(config, kWide, 8));
        config.model.batch_mix_compat = true;
        const double mixed = least_cosine(features_of(config, kWide, 8));
        RecordProperty("least_cosine_mixed_" + version, std::to_string(mixed));
        RecordProperty("least_cosine_default_" + version, std::to_string(apart));
        std::cout << "version " << version << ": least cosine within a batch of 8: 1 - "
                  << 1 - mixed << " mixed, " << apart << " by default\n";
        EXPECT_GT(mixed, version == "1.4" ? 0.9999 : 0.999) << version;
        EXPECT_LT(apart, 0.5) << version;
    }
}

TEST(AnomalyvfmLayers, MixedFeaturesOf1_3AreAsLongAsTheBatch) {
    sweeps::TrialConfig config = config_of("1.3");
    config.model.batch_mix_compat = true;
    EXPECT_EQ(features_of(config, kChannels, 6).sizes(),
              (std::vector<std::int64_t>{6, 6 * kChannels}));
    config.model.version = "1.4";
    config.data.scales = {0};
    EXPECT_EQ(features_of(config, kChannels, 6).sizes(), (std::vector<std::int64_t>{6, kChannels}));
}

TEST(AnomalyvfmLayers, RowsAreAdaptedAsImagesOfTheLargestScaleAre) {
    for (const std::string& version : kVersions) {
        const sweeps::TrialConfig config = config_of(version);
        const AdapterModel model = trained_model(config, kChannels);
        const torch::Tensor images = random_rows({8, vfm_tests::scales_of(config), kChannels}, 1);
        Dropout off;
        const torch::Tensor rows = model.adapted_rows(
            images.select(1, static_cast<std::int64_t>(model.largest_scale())), off);
        EXPECT_TRUE(
            torch::allclose(unit_length(rows),
                            model.adapted_images(images, off).features[model.largest_scale()],
                            1e-5,
                            1e-6))
            << version;
    }
}

TEST(AnomalyvfmLayers, RankFollowsTheScale) {
    sweeps::ModelConfig config;
    config.version = "1.3";
    config.lora_rank = 16;
    EXPECT_EQ(rank_of_scale(config, 64), 8);
    EXPECT_EQ(rank_of_scale(config, 128), 8);
    EXPECT_EQ(rank_of_scale(config, 256), 16);
    EXPECT_EQ(rank_of_scale(config, 512), 32);
    config.version = "1.1";
    EXPECT_EQ(rank_of_scale(config, 512), 16);
}

// ---- an independent reference of 1.4's analyzer: plain loops in double precision

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

Vector values_of(const torch::Tensor& tensor) {
    const torch::Tensor values = tensor.detach().to(torch::kFloat64).contiguous();
    return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

/// rows [first, first + out) of the weight [.., in] applied to x.
Vector linear(const NamedTensors& tensors,
              const std::string& name,
              const std::string& separator,
              const Vector& x,
              std::size_t first,
              std::size_t out) {
    Vector weight, bias;
    for (const NamedTensor& named : tensors) {
        weight = named.name == name + separator + "weight" ? values_of(named.tensor) : weight;
        bias = named.name == name + separator + "bias" ? values_of(named.tensor) : bias;
    }
    Vector y(out);
    for (std::size_t i = 0; i < out; ++i) {
        y[i] = bias.at(first + i);
        for (std::size_t j = 0; j < x.size(); ++j) {
            y[i] += weight.at((first + i) * x.size() + j) * x[j];
        }
    }
    return y;
}

/// One query's mixture of the values, head by head.
Vector attend(const Vector& query, const Matrix& keys, const Matrix& values, std::size_t heads) {
    const std::size_t width = query.size() / heads;
    Vector mixed(query.size(), 0);
    for (std::size_t head = 0; head < heads; ++head) {
        Vector shares;
        double sum = 0;
        for (const Vector& key : keys) {
            double product = 0;
            for (std::size_t i = head * width; i < (head + 1) * width; ++i) {
                product += query[i] * key[i];
            }
            shares.push_back(std::exp(product / std::sqrt(static_cast<double>(width))));
            sum += shares.back();
        }
        for (std::size_t token = 0; token < keys.size(); ++token) {
            for (std::size_t i = head * width; i < (head + 1) * width; ++i) {
                mixed[i] += shares[token] / sum * values[token][i];
            }
        }
    }
    return mixed;
}

TEST(AnomalyvfmLayers, TheAnalyzerIsWhatPlainLoopsCompute) {
    constexpr std::size_t kLayers = 3, kHeads = 4, kHidden = 5, kWidth = kChannels;
    Initialiser init(3, "init", torch::kCPU);
    const LayerAnalyzer analyzer(kChannels, kHeads, kHidden, init);
    NamedTensors tensors;
    analyzer.collect("", tensors);
    for (const NamedTensor& named : tensors) {  // biases are zero at first
        torch::Tensor target = named.tensor;
        target.add_(init.normal(target.sizes(), 0.3));
    }
    std::vector<torch::Tensor> layers, guides;
    for (std::size_t layer = 0; layer < kLayers; ++layer) {
        layers.push_back(init.normal({2, kChannels}, 1));
        guides.push_back(init.normal({2}, 1).sigmoid());
    }
    const LayerAnalyzer::Output output = analyzer(layers, guides);
    for (std::int64_t image = 0; image < 2; ++image) {
        Matrix queries, keys, values;
        for (const torch::Tensor& layer : layers) {
            const Vector x = values_of(layer[image]);
            const std::string in = "layer_attention.in_proj";
            queries.push_back(linear(tensors, in, "_", x, 0, kWidth));
            keys.push_back(linear(tensors, in, "_", x, kWidth, kWidth));
            values.push_back(linear(tensors, in, "_", x, 2 * kWidth, kWidth));
        }
        Vector feature(kWidth, 0);
        for (std::size_t layer = 0; layer < kLayers; ++layer) {
            const Vector attended = linear(tensors,
                                           "layer_attention.out_proj",
                                           ".",
                                           attend(queries[layer], keys, values, kHeads),
                                           0,
                                           kWidth);
            const double guide = guides[layer][image].item<double>();
            for (std::size_t i = 0; i < kWidth; ++i) {
                feature[i] += guide * attended[i] / kLayers;
            }
        }
        Vector hidden = linear(tensors, "final_attention.0", ".", feature, 0, kHidden);
        for (double& value : hidden) {
            value = std::max(0.0, value);
        }
        const double attention =
            1 / (1 + std::exp(-linear(tensors, "final_attention.2", ".", hidden, 0, 1)[0]));
        const Vector got = values_of(output.feature[image]);
        for (std::size_t i = 0; i < kWidth; ++i) {
            EXPECT_NEAR(got[i], feature[i], 1e-5);
        }
        EXPECT_NEAR(output.attention[image].item<double>(), attention, 1e-6);
    }
}

// ---- Mahalanobis

TEST(AnomalyvfmMahalanobis, ProductsOfFewRowsGiveTheSamePrecisionAsTheCovariance) {
    for (const std::int64_t rows : {2, 12, 30, 40}) {
        const torch::Tensor features = random_rows({rows, 30}, 1).to(torch::kFloat64);
        const torch::Tensor centred = features - features.mean(0);
        const torch::Tensor direct =
            whitening_of_covariance(centred.t().mm(centred) / static_cast<double>(rows));
        const torch::Tensor by_rows = whitening_of_rows(centred);
        EXPECT_EQ(direct.size(1), std::min<std::int64_t>(rows - 1, 30));
        EXPECT_EQ(by_rows.size(1), direct.size(1));
        const torch::Tensor expected = direct.mm(direct.t());
        const double largest = expected.abs().max().item<double>();
        EXPECT_TRUE(torch::allclose(by_rows.mm(by_rows.t()), expected, 1e-9, 1e-9 * largest));
    }
}

TEST(AnomalyvfmMahalanobis, DirectionsThatNoRowTakesDoNotCount) {
    torch::Tensor features = random_rows({50, 8}, 1);
    features.select(1, 3).zero_();
    const Gaussian gaussian = Gaussian::fitted(features);
    const torch::Tensor moved = features.clone();
    moved.select(1, 3).fill_(5);
    EXPECT_TRUE(torch::allclose(
        gaussian.squared_distances(moved), gaussian.squared_distances(features), 1e-9, 1e-9));
    // The mean over what was fitted is the number of directions.
    EXPECT_NEAR(gaussian.squared_distances(features).mean().item<double>(), 7, 1e-6);
    const torch::Tensor scores = gaussian.scores(features);
    EXPECT_NEAR(scores.mean().item<double>(), 0, 1e-6);
    EXPECT_NEAR(scores.std(false).item<double>(), 1, 1e-6);
}

// Distances of training rows are all n - 1 then; how they differ is rounding, and must not weigh
// the scores of one scale against those of another.
TEST(AnomalyvfmMahalanobis, ScoresOfFewRowsAreNotMeasuredInRounding) {
    const std::int64_t count = 30, channels = 64;
    const torch::Tensor sizes = torch::logspace(0, -4, channels, 10, torch::kFloat64);
    torch::Tensor sums[2];
    for (int way = 0; way < 2; ++way) {
        sums[way] = torch::zeros({40}, torch::kFloat64);
        for (const std::uint64_t scale : {1, 2, 3}) {
            torch::Tensor rows =
                1 + random_rows({count, channels}, scale).to(torch::kFloat64) * sizes;
            const torch::Tensor noise = random_rows({count, channels}, 10).to(torch::kFloat64);
            rows += 1e-12 * way * noise;
            const torch::Tensor others =
                1 + random_rows({40, channels}, scale + 3).to(torch::kFloat64) * sizes;
            const Gaussian gaussian = Gaussian::fitted(rows);
            const torch::Tensor scores = gaussian.scores(others);
            const torch::Tensor expected =
                (gaussian.squared_distances(others) - static_cast<double>(count - 1)) / 1e-8;
            EXPECT_TRUE(torch::allclose(scores, expected, 1e-9, 0)) << scale;
            sums[way] += scores;
        }
    }
    EXPECT_TRUE(torch::allclose(sums[0], sums[1], 1e-6, 0));
}

TEST(AnomalyvfmMahalanobis, RefusesWhatIsNoNumber) {
    torch::Tensor features = random_rows({5, 4}, 1);
    features[2][1] = NAN;
    EXPECT_THROW(Gaussian::fitted(features), sweeps::DataError);
    EXPECT_THROW(Gaussian::fitted(torch::empty({0, 4})), sweeps::DataError);
}

TEST(AnomalyvfmMahalanobis, EqualRowsAreAtNoDistance) {
    const Gaussian gaussian = Gaussian::fitted(torch::ones({6, 4}));
    EXPECT_EQ(gaussian.squared_distances(torch::zeros({2, 4})).max().item<double>(), 0);
}

}  // namespace
}  // namespace harrow::worker::anomalyvfm
