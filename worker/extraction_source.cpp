#include "worker/extraction_source.hpp"

#include <filesystem>
#include <utility>

#include "storage/datasets/anomaly_images.hpp"
#include "storage/datasets/cut_paste.hpp"
#include "storage/datasets/held_out.hpp"
#include "storage/datasets/synthetic_anomalies.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/validation.hpp"
#include "worker/class_images.hpp"
#include "worker/read_ahead.hpp"

namespace harrow::worker {
namespace {

constexpr std::size_t kSquaresAhead = 4;  // per thread
/// Samples in [0,1].
constexpr storage::Normalization kPlain{{0.0F, 0.0F, 0.0F}, {1.0F, 1.0F, 1.0F}};

/// Images as they lie in their files, with or without anomalies pasted into them.
class SplitPictures final : public ExtractionSource {
public:
    SplitPictures(const FeatureRequest& request,
                  const storage::Dataset& dataset,
                  const storage::Normalization& normalization)
        : layout_(request.config.data.layout),
          root_(dataset.root),
          how_{sweeps::load_side(request.config.data),
               normalization,
               storage::resize_named(request.config.data.resize)},
          is_pasted_(request.split == sweeps::kSyntheticSplit) {
        const std::vector<storage::ImageEntry>& images =
            split_images(dataset, request.class_name, request.split);
        std::vector<sweeps::Digest> digests;
        digest_ = storage::images_digest(dataset, images, &digests);
        if (!is_pasted_) {
            for (std::size_t i = 0; i < images.size(); ++i) {
                images_.push_back({images[i].relative_path, digests[i]});
            }
            return;
        }
        const sweeps::ValidationConfig& validation = request.config.validation;
        digest_ = sweeps::synthetic_digest(digest_, validation);
        made_ = request.split + "\n" + sweeps::recipe_text(request.config, request.split);
        for (const std::int64_t image :
             storage::held_out_images(layout_, images, validation.holdout)) {
            const auto i = static_cast<std::size_t>(image);
            images_.push_back({images[i].relative_path, digests[i]});
        }
    }

    Picture picture(std::size_t index) const override {
        const std::string& path = images_[index].relative_path;
        storage::Image image = storage::read_rgb(root_ / path);
        if (is_pasted_) {  // a square picture is not resized again
            image = storage::square_image(image, how_.size, how_.resize);
            storage::cut_paste(image, storage::path_in_split(layout_, path));
        }
        return {how_.size, storage::preprocess_image(image, how_)};
    }

private:
    std::string layout_;
    std::filesystem::path root_;
    storage::Preprocessing how_;
    bool is_pasted_;
};

/// Rows as sweeps::anomaly_rows has them.
class AnomalyPictures final : public ExtractionSource {
public:
    AnomalyPictures(const FeatureRequest& request,
                    const storage::Dataset& dataset,
                    const storage::Normalization& normalization)
        : config_(request.config), root_(dataset.root), normalization_(normalization) {
        const std::vector<storage::ImageEntry>& train =
            split_images(dataset, request.class_name, "train");
        std::vector<sweeps::Digest> digests;
        const sweeps::Digest train_digest = storage::images_digest(dataset, train, &digests);
        normals_ = storage::anomaly_normals(config_.data.layout, train, config_);
        const std::uint64_t seed = sweeps::anomaly_seed(config_.synthetic, request.seed);
        const std::string recipe = sweeps::recipe_text(config_, request.split);
        const std::uint64_t class_seed = sweeps::class_anomaly_seed(seed, request.class_name);
        digest_ = sweeps::anomalies_digest(train_digest, recipe, class_seed);
        made_ = request.split + " seed " + std::to_string(seed) + "\n" + recipe;
        if (config_.synthetic.train_pixels == "wrapped_compat") {
            normalization_ = kPlain;
        }
        draw(class_seed);
        list_images(train, digests);
    }

    void prepare(int threads, WorkMonitor& monitor, double& seconds) override {
        ReadAhead<storage::Image> squares(
            normals_.size(),
            [this](std::size_t i) {
                return storage::anomaly_square(storage::read_rgb(root_ / normals_[i].relative_path),
                                               config_);
            },
            threads,
            kSquaresAhead * static_cast<std::size_t>(threads));
        while (squares_.size() < normals_.size()) {
            squares_.push_back(take_or_stop(squares, monitor));
            step_or_stop(monitor);
        }
        seconds += squares.busy_seconds();
    }

    Picture picture(std::size_t index) const override {
        if (index < normals_first_) {
            return seen(squares_[index]);
        }
        const storage::DrawnAnomaly& drawn = drawn_[index - normals_first_];
        return seen(storage::make_anomaly(drawn,
                                          config_.synthetic,
                                          squares_[static_cast<std::size_t>(drawn.base)],
                                          squares_[static_cast<std::size_t>(drawn.source)]));
    }

private:
    void draw(std::uint64_t seed) {
        const auto normals = static_cast<std::int64_t>(normals_.size());
        const sweeps::AnomalyRows rows = sweeps::anomaly_rows(config_.synthetic, normals);
        normals_first_ = static_cast<std::size_t>(rows.normals_first);
        for (std::size_t resolution = 0; resolution < rows.resolutions.size(); ++resolution) {
            for (std::int64_t i = 0; i < rows.resolutions[resolution].total(); ++i) {
                drawn_.push_back(storage::draw_anomaly(
                    config_.synthetic, resolution, i, sweeps::load_side(config_.data), normals, seed));
            }
        }
    }

    void list_images(const std::vector<storage::ImageEntry>& train,
                     const std::vector<sweeps::Digest>& digests) {
        std::vector<storage::FeatureSource> normals;
        for (std::size_t i = 0; normals.size() < normals_.size(); ++i) {
            if (train[i].relative_path == normals_[normals.size()].relative_path) {
                normals.push_back({train[i].relative_path, digests[i]});
            }
        }
        images_.assign(normals.begin(),
                       normals.begin() + static_cast<std::ptrdiff_t>(normals_first_));
        for (const storage::DrawnAnomaly& drawn : drawn_) {
            images_.push_back(normals[static_cast<std::size_t>(drawn.base)]);
        }
    }

    Picture seen(const storage::Image& bytes) const {
        return {bytes.width,
                storage::preprocess_image(bytes,
                                          {bytes.width, normalization_, storage::Resize::Square})};
    }

    sweeps::TrialConfig config_;
    std::filesystem::path root_;
    storage::Normalization normalization_;
    std::vector<storage::ImageEntry> normals_;
    std::vector<storage::DrawnAnomaly> drawn_;
    std::size_t normals_first_ = 0;
    std::vector<storage::Image> squares_;  ///< of normals_
};

}  // namespace

std::unique_ptr<ExtractionSource> open_source(const FeatureRequest& request,
                                              const storage::Dataset& dataset,
                                              const storage::Normalization& normalization) {
    if (request.split == sweeps::kAnomaliesSplit) {
        return std::make_unique<AnomalyPictures>(request, dataset, normalization);
    }
    return std::make_unique<SplitPictures>(request, dataset, normalization);
}

}  // namespace harrow::worker
