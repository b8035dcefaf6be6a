#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/feature_cache.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/random.hpp"
#include "worker/continual_sequence.hpp"

namespace harrow::worker {

constexpr std::int64_t kDrawnChannels = 8;

/// Sequences whose views lie in a feature cache. Image n of a split has the number 100 class + n,
/// and more for splits other than test; on its maps half more. The first channel is that number,
/// the others are noise.
class DrawnViews {
public:
    struct Split {
        const char* name;
        const char* maps;
        std::int64_t images;
        float more;
    };
    static const std::vector<Split>& splits() {
        static const std::vector<Split> all = {
            {sweeps::kTrainView, sweeps::kTrainMapsView, 8, 16},
            {sweeps::kTestView, sweeps::kTestMapsView, 10, 0},
            {sweeps::kValSynthView, sweeps::kValSynthMapsView, 2, 32},
            {sweeps::kValidationView, sweeps::kValidationMapsView, 3, 40},
            {sweeps::kAnomaliesView, sweeps::kAnomalyPatchesView, 5, 48}};
        return all;
    }

    explicit DrawnViews(const std::filesystem::path& cache) : cache_(cache) {}

    /// With a quarter of the training images held out.
    SequenceClass draw(const std::string& name, int number, bool with_maps) const {
        SequenceClass entry;
        entry.name = name;
        for (const Split& split : splits()) {
            entry.views[split.name] = publish(name, split.name, split, number, 0);
            if (with_maps) {
                entry.views[split.maps] = publish(name, split.maps, split, number, 0.5F);
            }
        }
        for (std::int64_t n = 0; n < 10; ++n) {
            entry.test_paths.push_back(path(name, "test", n));
        }
        return entry;
    }

private:
    static std::string path(const std::string& name, const std::string& split, std::int64_t n) {
        return name + "/" + split + "/good/" + std::to_string(n) + ".png";
    }

    FeatureRequest publish(const std::string& name,
                           const std::string& view,
                           const Split& split,
                           int number,
                           float more) const {
        FeatureRequest request;
        request.key = sweeps::hash_text(name + " " + view);
        request.config.validation.holdout = 0.25;
        request.class_name = name;
        request.split = split.name;
        if (cache_.contains(request.key)) {
            return request;
        }
        storage::FeatureInfo info;
        const std::int64_t side = more > 0 ? 2 : 1;
        info.shape = {split.images, side, side, kDrawnChannels};
        std::vector<float> values;
        for (std::int64_t n = 0; n < split.images; ++n) {
            info.images.push_back({path(name, split.name, n), std::to_string(n)});
            sweeps::RandomStream random(0, name + "/" + view + "/" + std::to_string(n));
            for (std::int64_t i = 0; i < info.shape.values_per_image(); ++i) {
                values.push_back(i % kDrawnChannels == 0
                                     ? 100.0F * static_cast<float>(number) + static_cast<float>(n) +
                                           split.more + more
                                     : static_cast<float>(20 * random.normal()));
            }
        }
        storage::FeatureWriter writer = cache_.create(request.key, info);
        writer.write(0, split.images, values.data());
        writer.publish();
        return request;
    }

    storage::FeatureCache cache_;
};

}  // namespace harrow::worker
