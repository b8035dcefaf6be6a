#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "worker/method.hpp"

/// A small method that scores images, for features of which one number says what they are.
namespace harrow::worker {

/// The first number of each row.
inline std::vector<float> numbers_of(const FeatureRows& rows) {
    std::vector<float> numbers;
    for (std::int64_t row = 0; row < rows.size(); ++row) {
        numbers.push_back(rows.gather({row}).flatten()[0].item<float>());
    }
    return numbers;
}

/// What methods of this kind were given, over all of them.
struct ImageMethodCalls {
    struct Class {
        std::string name;
        std::vector<float> features, maps, anomalies, anomaly_patches;
    };
    struct Task {
        std::vector<float> features;
        std::vector<Class> classes;
    };
    struct Set {
        int expert;
        std::vector<float> images;
    };
    std::vector<Task> tasks;  ///< trained
    std::vector<Set> sets;    ///< whose images were scored
    std::int64_t map_batches = 0;
    std::vector<std::int64_t> batch_sizes;
};

/// Expert t is one number, which two epochs of two batches change. An image's score depends on all
/// that are scored with it; the router tells classes apart by hundreds.
class ImageMethod : public Method {
public:
    struct Options {
        bool isolated = true, scores_images = true;
        double drift = 0;  ///< of an earlier expert's image scores, per later task
    };
    ImageMethod(const Options& options, ImageMethodCalls& calls)
        : options_(options), calls_(calls) {}

    bool has_isolated_experts() const override { return options_.isolated; }
    bool has_router() const override { return options_.isolated; }
    void begin_task(int task) override {
        const double before = experts_.empty() ? 0 : experts_.back();
        experts_.push_back(before + 0.125 * task);
        position_ = 0;
    }
    void train(const TaskData& data, const TrainingHooks& hooks) override {
        note(data);
        const std::vector<float> numbers = numbers_of(*data.features);
        while (position_ < 4) {
            for (const float number : numbers) {
                experts_.back() =
                    experts_.back() * 0.875 + static_cast<double>(number) * (1 + position_) / 1024;
            }
            ++position_;
            if (position_ % 2 == 0 && hooks.on_epoch) {
                hooks.on_epoch({data.task, position_ / 2 - 1, experts_.back(), 1, 0, 0});
            }
            if (hooks.stop && hooks.stop()) {
                return;
            }
        }
    }
    void update_router(const TaskData& /*data*/,
                       const std::function<void()>& /*on_batch*/) override {
        position_ = 0;
    }
    std::int64_t trained_parameters(int /*task*/) const override { return 1; }

    torch::Tensor score(const torch::Tensor& features, int expert) override {
        ++calls_.map_batches;
        calls_.batch_sizes.push_back(features.size(0));
        return features.select(3, 0) + static_cast<float>(expert_value(expert));
    }
    bool scores_images() const override { return options_.scores_images; }
    torch::Tensor score_images(const FeatureRows& images, int expert) override {
        const std::vector<float> numbers = numbers_of(images);
        calls_.sets.push_back({expert, numbers});
        const float largest = *std::max_element(numbers.begin(), numbers.end());
        const auto later = static_cast<double>(experts_.size()) - 1 - expert;
        torch::Tensor scores = torch::empty({images.size()}, torch::kFloat64);
        for (std::int64_t n = 0; n < images.size(); ++n) {
            scores[n] = image_score(numbers[static_cast<std::size_t>(n)], largest, expert) +
                        options_.drift * later;
        }
        return scores;
    }
    torch::Tensor route_distances(const torch::Tensor& features) override {
        const torch::Tensor numbers = features.flatten(1).select(1, 0).to(torch::kFloat64);
        std::vector<torch::Tensor> distances;
        for (std::size_t task = 0; task < experts_.size(); ++task) {
            distances.push_back((numbers - 100.0 * static_cast<double>(task)).abs());
        }
        return torch::stack(distances, 1);
    }
    double image_score(float number, float largest, int expert) const {
        return (number - largest) / 3.0 + expert_value(expert);
    }

    StateTensors save_state() const override {
        return {{"experts", torch::tensor(experts_, torch::kFloat64)},
                {"position", torch::tensor({position_}, torch::kInt64)}};
    }
    void load_state(const StateTensors& state) override {
        const torch::Tensor& experts = state_tensor(state, "experts", torch::kFloat64);
        experts_.assign(experts.data_ptr<double>(), experts.data_ptr<double>() + experts.numel());
        position_ = static_cast<int>(
            state_tensor(state, "position", torch::kInt64, {1}).item<std::int64_t>());
    }

private:
    double expert_value(int expert) const {
        return options_.isolated ? experts_.at(static_cast<std::size_t>(expert)) : experts_.back();
    }
    void note(const TaskData& data) {
        const auto numbers = [](const SharedRows& rows) {
            return rows ? numbers_of(*rows) : std::vector<float>{};
        };
        ImageMethodCalls::Task task{numbers(data.features), {}};
        for (const TaskClass& one : data.classes) {
            task.classes.push_back({one.name,
                                    numbers(one.features),
                                    numbers(one.maps),
                                    numbers(one.anomalies),
                                    numbers(one.anomaly_patches)});
        }
        calls_.tasks.push_back(std::move(task));
    }

    Options options_;
    ImageMethodCalls& calls_;
    std::vector<double> experts_;
    int position_ = 0;
};

}  // namespace harrow::worker
