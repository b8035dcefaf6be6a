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
                                 const EvaluationSet& set,
                                 std::vector<std::string> image_paths)
    : num_tasks_(num_tasks), scores_images_(set.scores_images) {
    const std::int64_t images = set.images.info->shape.images;
    scores_.class_name = std::move(class_name);
    scores_.task = task;
    scores_.images = images;
    if (set.maps) {
        scores_.height = set.maps->geometry().height;
        scores_.width = set.maps->geometry().width;
    }
    const auto cells = static_cast<std::size_t>(images * num_tasks);
    scores_.routed_map.assign(cells, -1);
    scores_.oracle_map.assign(cells, -1);
    scores_.routed_task.assign(cells, -1);
    scores_.distances.assign(cells, std::numeric_limits<double>::quiet_NaN());
    scores_.image_paths = std::move(image_paths);
    for (const storage::FeatureSource& image : set.images.info->images) {
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
                                       const FeatureRows& images,
                                       int learned,
                                       WorkMonitor& monitor) {
    for (std::int64_t first = 0; first < scores_.images; first += kBatchImages) {
        const torch::Tensor batch = method.route_distances(images.batch(first))
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

/// [kBatchImages, H, W] of the images from `first` on.
torch::Tensor ClassEvaluation::score_batch(Method& method,
                                           const EvaluationSet& set,
                                           int expert,
                                           std::int64_t first) const {
    torch::Tensor maps = method.score(set.maps->batch(first), expert).to(torch::kCPU).contiguous();
    TORCH_CHECK(maps.numel() == kBatchImages * scores_.height * scores_.width,
                "score returned ",
                maps.sizes(),
                " for a grid of ",
                scores_.height,
                " x ",
                scores_.width);
    return maps;
}

/// Of all images, by this expert.
std::vector<double> ClassEvaluation::score_set(Method& method,
                                               const EvaluationSet& set,
                                               int expert) const {
    const torch::Tensor scores =
        method.score_images(*set.images.rows, expert).to(torch::kCPU, torch::kFloat64).contiguous();
    TORCH_CHECK(scores.dim() == 1 && scores.size(0) == scores_.images,
                "score_images returned ",
                scores.sizes(),
                " for ",
                scores_.images,
                " images");
    return {scores.data_ptr<double>(), scores.data_ptr<double>() + scores.numel()};
}

const std::vector<double>& ClassEvaluation::set_scores(Method& method,
                                                       const EvaluationSet& set,
                                                       int expert,
                                                       WorkMonitor& monitor) {
    const auto known = set_scores_of_expert_.find(expert);
    if (known != set_scores_of_expert_.end()) {
        return known->second;
    }
    const std::vector<double>& scores =
        set_scores_of_expert_.emplace(expert, score_set(method, set, expert)).first->second;
    step_or_stop(monitor);
    return scores;
}

void ClassEvaluation::score_wanted(Method& method,
                                   const EvaluationSet& set,
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
            has_maps() ? score_batch(method, set, expert, first) : torch::Tensor();
        for (const std::int64_t n : missing) {
            map_index(expert, n) = static_cast<std::int32_t>(scores_.num_maps());
            if (scores_images_) {
                const std::vector<double>& of_set = set_scores(method, set, expert, monitor);
                scores_.image_scores.push_back(of_set[static_cast<std::size_t>(n)]);
            }
            if (has_maps()) {
                const float* map = maps.data_ptr<float>() + (n - first) * patches;
                scores_.maps.insert(scores_.maps.end(), map, map + patches);
            }
        }
        if (has_maps()) {
            step_or_stop(monitor);
        }
    }
}

void ClassEvaluation::evaluate(Method& method,
                               const EvaluationSet& set,
                               int after_task,
                               WorkMonitor& monitor) {
    const int learned = after_task + 1;
    if (!method.has_isolated_experts()) {
        map_of_expert_.clear();
        set_scores_of_expert_.clear();
    }
    std::vector<int> route(static_cast<std::size_t>(scores_.images), scores_.task);
    if (method.has_router()) {
        update_distances(method, *set.images.rows, learned, monitor);
        for (std::int64_t n = 0; n < scores_.images; ++n) {
            route[static_cast<std::size_t>(n)] =
                nearest_task(scores_.distances.data() + n * num_tasks_, learned);
        }
    }
    score_wanted(
        method, set, scores_.task, [](std::int64_t) { return true; }, monitor);
    for (const int expert : std::set<int>(route.begin(), route.end())) {
        const auto sent_here = [&](std::int64_t n) {
            return route[static_cast<std::size_t>(n)] == expert;
        };
        score_wanted(method, set, expert, sent_here, monitor);
    }
    for (std::int64_t n = 0; n < scores_.images; ++n) {
        const auto cell = static_cast<std::size_t>(after_task * scores_.images + n);
        scores_.routed_task[cell] = route[static_cast<std::size_t>(n)];
        scores_.routed_map[cell] = map_index(scores_.routed_task[cell], n);
        scores_.oracle_map[cell] = map_index(scores_.task, n);
    }
}

bool ClassEvaluation::is_unchanged(Method& method, const EvaluationSet& set) const {
    const auto first_scored = [this](std::int64_t n) {  // when the class was new
        return static_cast<std::size_t>(
            scores_.oracle_map[static_cast<std::size_t>(scores_.task * scores_.images + n)]);
    };
    if (has_maps()) {
        const auto patches = static_cast<std::size_t>(scores_.height * scores_.width);
        const torch::Tensor maps = score_batch(method, set, scores_.task, 0);
        for (std::int64_t n = 0; n < std::min(kBatchImages, scores_.images); ++n) {
            if (std::memcmp(scores_.maps.data() + first_scored(n) * patches,
                            maps.data_ptr<float>() + static_cast<std::size_t>(n) * patches,
                            patches * sizeof(float)) != 0) {
                return false;
            }
        }
    }
    if (scores_images_) {
        const std::vector<double> again = score_set(method, set, scores_.task);
        for (std::int64_t n = 0; n < scores_.images; ++n) {
            if (std::memcmp(scores_.image_scores.data() + first_scored(n),
                            again.data() + n,
                            sizeof(double)) != 0) {
                return false;
            }
        }
    }
    return true;
}

void ClassEvaluation::save(const std::string& prefix, StateTensors& state) {
    const std::int64_t images = scores_.images;
    if (has_maps()) {
        state[prefix + "maps"] =
            shared(scores_.maps, {scores_.num_maps(), scores_.height, scores_.width});
    }
    if (scores_images_) {
        state[prefix + "image_scores"] = shared(scores_.image_scores, {scores_.num_maps()});
    }
    state[prefix + "routed_map"] = shared(scores_.routed_map, {num_tasks_, images});
    state[prefix + "oracle_map"] = shared(scores_.oracle_map, {num_tasks_, images});
    state[prefix + "routed_task"] = shared(scores_.routed_task, {num_tasks_, images});
    state[prefix + "distances"] = shared(scores_.distances, {images, num_tasks_});
    for (auto& [expert, maps] : map_of_expert_) {
        state[prefix + "map_of_expert." + std::to_string(expert)] = shared(maps, {images});
    }
    for (auto& [expert, scores] : set_scores_of_expert_) {
        state[prefix + "set_scores_of_expert." + std::to_string(expert)] = shared(scores, {images});
    }
}

void ClassEvaluation::restore(const std::string& prefix, const StateTensors& state) {
    const std::int64_t images = scores_.images;
    const std::int64_t maps =
        scores_images_ ? state_tensor(state, prefix + "image_scores", torch::kFloat64).numel()
                       : state_tensor(state, prefix + "maps", torch::kFloat32).size(0);
    if (has_maps()) {
        fill(scores_.maps, state, prefix + "maps", {maps, scores_.height, scores_.width});
    }
    if (scores_images_) {
        fill(scores_.image_scores, state, prefix + "image_scores", {maps});
    }
    fill(scores_.routed_map, state, prefix + "routed_map", {num_tasks_, images});
    fill(scores_.oracle_map, state, prefix + "oracle_map", {num_tasks_, images});
    fill(scores_.routed_task, state, prefix + "routed_task", {num_tasks_, images});
    fill(scores_.distances, state, prefix + "distances", {images, num_tasks_});
    require_below(scores_.routed_map, maps);
    require_below(scores_.oracle_map, maps);
    require_below(scores_.routed_task, num_tasks_);
    map_of_expert_.clear();
    set_scores_of_expert_.clear();
    for (int expert = 0; expert < num_tasks_; ++expert) {
        const std::string name = prefix + "map_of_expert." + std::to_string(expert);
        if (state.count(name) > 0) {
            fill(map_of_expert_[expert], state, name, {images});
            require_below(map_of_expert_[expert], maps);
        }
        const std::string scores = prefix + "set_scores_of_expert." + std::to_string(expert);
        if (state.count(scores) > 0) {
            fill(set_scores_of_expert_[expert], state, scores, {images});
        }
    }
}

}  // namespace harrow::worker
