#include "worker/class_evaluation.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "storage/checkpoint.hpp"

namespace harrow::worker {

namespace {

template <typename Value>
torch::Tensor shared(std::vector<Value>& values, torch::IntArrayRef shape) {
    return torch::from_blob(values.data(), shape, c10::CppTypeToScalarType<Value>::value);
}

template <typename Value>
void fill(std::vector<Value>& values,
          const StateTensors& state,
          const std::string& name,
          torch::IntArrayRef shape) {
    const torch::Tensor stored =
        state_tensor(state, name, c10::CppTypeToScalarType<Value>::value, shape).contiguous();
    values.assign(stored.data_ptr<Value>(), stored.data_ptr<Value>() + stored.numel());
}

void require_below(const std::vector<std::int32_t>& indices, std::int64_t limit) {
    for (const std::int32_t index : indices) {
        if (index < -1 || index >= limit) {
            throw storage::UnusableCheckpoint("a patch score map has the impossible number " +
                                              std::to_string(index));
        }
    }
}

}  // namespace

int nearest_task(const double* distances, int learned) {
    int nearest = 0;
    double smallest = std::numeric_limits<double>::infinity();
    for (int task = 0; task < learned; ++task) {
        if (distances[task] < smallest) {
            smallest = distances[task];
            nearest = task;
        }
    }
    return nearest;
}

ClassEvaluation::ClassEvaluation(std::string class_name,
                                 int task,
                                 int num_tasks,
                                 const Features& features,
                                 std::vector<std::string> image_paths)
    : num_tasks_(num_tasks) {
    const storage::FeatureShape& shape = features.info->shape;
    scores_.class_name = std::move(class_name);
    scores_.task = task;
    scores_.images = shape.images;
    scores_.height = shape.height;
    scores_.width = shape.width;
    const auto cells = static_cast<std::size_t>(shape.images * num_tasks);
    scores_.routed_map.assign(cells, -1);
    scores_.oracle_map.assign(cells, -1);
    scores_.routed_task.assign(cells, -1);
    scores_.distances.assign(cells, std::numeric_limits<double>::quiet_NaN());
    scores_.image_paths = std::move(image_paths);
    for (const storage::FeatureSource& image : features.info->images) {
        scores_.image_digests.push_back(image.digest);
    }
}

std::int32_t& ClassEvaluation::map_index(int expert, std::int64_t image) {
    auto& maps = map_of_expert_[expert];
    if (maps.empty()) {
        maps.assign(static_cast<std::size_t>(scores_.images), -1);
    }
    return maps[static_cast<std::size_t>(image)];
}

void ClassEvaluation::update_distances(Method& method,
                                       const FeatureRows& features,
                                       int learned,
                                       WorkMonitor& monitor) {
    for (std::int64_t first = 0; first < scores_.images; first += kBatchImages) {
        const torch::Tensor batch = method.route_distances(features.batch(first))
                                        .to(torch::kCPU, torch::kFloat64)
                                        .contiguous();
        TORCH_CHECK(batch.size(0) == kBatchImages && batch.size(1) == learned,
                    "route_distances returned ",
                    batch.sizes(),
                    " instead of [",
                    kBatchImages,
                    ", ",
                    learned,
                    "]");
        const std::int64_t present = std::min(kBatchImages, scores_.images - first);
        for (std::int64_t i = 0; i < present; ++i) {
            std::copy_n(batch.data_ptr<double>() + i * learned,
                        learned,
                        scores_.distances.begin() + (first + i) * num_tasks_);
        }
        step_or_stop(monitor);
    }
}

void ClassEvaluation::score_wanted(Method& method,
                                   const FeatureRows& features,
                                   int expert,
                                   const std::function<bool(std::int64_t)>& wanted,
                                   WorkMonitor& monitor) {
    const std::int64_t patches = scores_.height * scores_.width;
    for (std::int64_t first = 0; first < scores_.images; first += kBatchImages) {
        std::vector<std::int64_t> missing;
        for (std::int64_t n = first; n < std::min(first + kBatchImages, scores_.images); ++n) {
            if (wanted(n) && map_index(expert, n) < 0) {
                missing.push_back(n);
            }
        }
        if (missing.empty()) {
            continue;
        }
        const torch::Tensor maps =
            method.score(features.batch(first), expert).to(torch::kCPU).contiguous();
        TORCH_CHECK(maps.numel() == kBatchImages * patches,
                    "score returned ",
                    maps.sizes(),
                    " for a grid of ",
                    scores_.height,
                    " x ",
                    scores_.width);
        for (const std::int64_t n : missing) {
            map_index(expert, n) = static_cast<std::int32_t>(scores_.num_maps());
            const float* map = maps.data_ptr<float>() + (n - first) * patches;
            scores_.maps.insert(scores_.maps.end(), map, map + patches);
        }
        step_or_stop(monitor);
    }
}

void ClassEvaluation::evaluate(Method& method,
                               const FeatureRows& features,
                               int after_task,
                               WorkMonitor& monitor) {
    const int learned = after_task + 1;
    if (!method.has_isolated_experts()) {
        map_of_expert_.clear();
    }
    std::vector<int> route(static_cast<std::size_t>(scores_.images), scores_.task);
    if (method.has_router()) {
        update_distances(method, features, learned, monitor);
        for (std::int64_t n = 0; n < scores_.images; ++n) {
            route[static_cast<std::size_t>(n)] =
                nearest_task(scores_.distances.data() + n * num_tasks_, learned);
        }
    }
    score_wanted(
        method, features, scores_.task, [](std::int64_t) { return true; }, monitor);
    for (const int expert : std::set<int>(route.begin(), route.end())) {
        const auto sent_here = [&](std::int64_t n) {
            return route[static_cast<std::size_t>(n)] == expert;
        };
        score_wanted(method, features, expert, sent_here, monitor);
    }
    for (std::int64_t n = 0; n < scores_.images; ++n) {
        const auto cell = static_cast<std::size_t>(after_task * scores_.images + n);
        scores_.routed_task[cell] = route[static_cast<std::size_t>(n)];
        scores_.routed_map[cell] = map_index(scores_.routed_task[cell], n);
        scores_.oracle_map[cell] = map_index(scores_.task, n);
    }
}

bool ClassEvaluation::first_batch_unchanged(Method& method, const FeatureRows& features) const {
    const std::int64_t patches = scores_.height * scores_.width;
    const torch::Tensor maps =
        method.score(features.batch(0), scores_.task).to(torch::kCPU).contiguous();
    const auto row = static_cast<std::size_t>(scores_.task * scores_.images);
    for (std::int64_t n = 0; n < std::min(kBatchImages, scores_.images); ++n) {
        const std::int32_t first_scored = scores_.oracle_map[row + static_cast<std::size_t>(n)];
        if (std::memcmp(scores_.maps.data() + first_scored * patches,
                        maps.data_ptr<float>() + n * patches,
                        static_cast<std::size_t>(patches) * sizeof(float)) != 0) {
            return false;
        }
    }
    return true;
}

void ClassEvaluation::save(const std::string& prefix, StateTensors& state) {
    const std::int64_t images = scores_.images;
    state[prefix + "maps"] =
        shared(scores_.maps, {scores_.num_maps(), scores_.height, scores_.width});
    state[prefix + "routed_map"] = shared(scores_.routed_map, {num_tasks_, images});
    state[prefix + "oracle_map"] = shared(scores_.oracle_map, {num_tasks_, images});
    state[prefix + "routed_task"] = shared(scores_.routed_task, {num_tasks_, images});
    state[prefix + "distances"] = shared(scores_.distances, {images, num_tasks_});
    for (auto& [expert, maps] : map_of_expert_) {
        state[prefix + "map_of_expert." + std::to_string(expert)] = shared(maps, {images});
    }
}

void ClassEvaluation::restore(const std::string& prefix, const StateTensors& state) {
    const std::int64_t images = scores_.images;
    const std::int64_t maps = state_tensor(state, prefix + "maps", torch::kFloat32).size(0);
    fill(scores_.maps, state, prefix + "maps", {maps, scores_.height, scores_.width});
    fill(scores_.routed_map, state, prefix + "routed_map", {num_tasks_, images});
    fill(scores_.oracle_map, state, prefix + "oracle_map", {num_tasks_, images});
    fill(scores_.routed_task, state, prefix + "routed_task", {num_tasks_, images});
    fill(scores_.distances, state, prefix + "distances", {images, num_tasks_});
    require_below(scores_.routed_map, maps);
    require_below(scores_.oracle_map, maps);
    require_below(scores_.routed_task, num_tasks_);
    map_of_expert_.clear();
    for (int expert = 0; expert < num_tasks_; ++expert) {
        const std::string name = prefix + "map_of_expert." + std::to_string(expert);
        if (state.count(name) > 0) {
            fill(map_of_expert_[expert], state, name, {images});
            require_below(map_of_expert_[expert], maps);
        }
    }
}

}  // namespace harrow::worker
