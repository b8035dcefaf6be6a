#include "sweeps/anomalyvfm_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "sweeps/anomalies.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

constexpr std::int64_t kAllImages = std::int64_t{1} << 40;

std::string text_of(double number) {
    return std::to_string(std::llround(number));
}

/// Checks one configuration.
class Rules {
public:
    Rules(const TrialConfig& config, const BackboneArchitecture& backbone)
        : config_(config), backbone_(backbone) {}

    std::vector<AnomalyVfmProblem> check() {
        check_backbone();
        check_scales();
        check_maps();
        if (config_.model.use_lora) {
            check_widths();
            check_list_lengths();
            check_batch();
            check_geometry();
        }
        return std::move(found_);
    }

private:
    void report(const char* parameter, const std::string& message) {
        found_.push_back({parameter, message});
    }
    bool is_version(const char* version) const {
        return config_.model.use_lora && config_.model.version == version;
    }
    bool gives_vectors() const { return gives_image_vectors(backbone_, config_.backbone); }

    void check_backbone() {
        const std::string wanted = "anomalyvfm scores whole images and needs one vector of each: ";
        if (!is_transformer(backbone_)) {
            report("backbone.name",
                   wanted + "a transformer such as dinov2_vitb14 with backbone.feature: cls, not " +
                       backbone_.name);
        } else if (!gives_vectors()) {
            report("backbone.feature",
                   wanted + "cls, patch_mean or token0_nocls_nopos, not " +
                       config_.backbone.feature + "; maps of patches are model.maps: patches");
        }
    }

    void check_scales() {
        const NumberList& scales = config_.data.scales;
        if (!gives_vectors()) {
            return;
        }
        if (!is_version("1.3") && scales != NumberList{0}) {
            report("data.scales",
                   config_.model.use_lora
                       ? "version " + config_.model.version +
                             " has one vector per image; set it to 0, or model.version to 1.3"
                       : "the baseline (model.use_lora: false) has one vector per image; set it to "
                         "0, or leave model.version out");
            return;
        }
        const double largest = *std::max_element(scales.begin(), scales.end());
        if (largest > load_side(config_.data)) {
            report("data.scales",
                   text_of(largest) + " is larger than the square of " +
                       std::to_string(load_side(config_.data)) + " pixels that is shrunk to it (" +
                       (config_.data.load_size != 0 ? "data.load_size" : "data.image_size") + ")");
        }
    }

    void check_maps() {
        const int crop = config_.data.crop_size;
        const std::string& maps = config_.model.maps;
        if (maps == "crops" && crop == 0) {
            report("data.crop_size",
                   "model.maps: crops needs the side of the crops, e.g. data.crop_size: 32");
        }
        if (maps != "crops" && crop != 0) {
            report(
                "data.crop_size",
                "has no effect with model.maps: " + maps + "; remove it, or set model.maps: crops");
        }
        if (maps == "crops" && crop > config_.data.image_size) {
            report("data.crop_size",
                   "crops of " + std::to_string(crop) + " pixels do not fit into images of " +
                       std::to_string(config_.data.image_size) + " (data.image_size)");
        }
        if (config_.model.use_lora && config_.train.confidence_weight > 0 && maps != "patches") {
            report(
                "train.confidence_weight",
                "its loss compares patches with masks and needs model.maps: patches, not " + maps);
        }
    }

    void check_widths() {
        const bool has_attention = is_version("1.3") || is_version("1.4");
        if (!has_attention || !gives_vectors()) {
            return;
        }
        const int width = backbone_.width;
        const ModelConfig& model = config_.model;
        const std::string feature =
            "the feature of " + backbone_.name + " has " + std::to_string(width) + " channels, ";
        if (width % model.attention_heads != 0) {
            report("model.attention_heads",
                   feature + "which " + std::to_string(model.attention_heads) +
                       " heads do not divide; give a divisor such as 8");
        }
        const int narrowest = is_version("1.4") ? 2 * model.guide_reduction : model.guide_reduction;
        if (width < narrowest) {
            report("model.guide_reduction",
                   feature + "fewer than the " + std::to_string(narrowest) +
                       " they are divided by" + (is_version("1.4") ? " (twice the value)" : ""));
        }
        if (is_version("1.4") && width < model.importance_reduction) {
            report("model.importance_reduction", feature + "fewer than the value");
        }
    }

    /// One for all resolutions, or one per resolution.
    void check_length(const char* parameter, const NumberList& list, std::size_t per_resolution) {
        const std::size_t resolutions = config_.synthetic.resolutions.size();
        if (!is_active(*find_parameter(parameter), config_) || list.size() == per_resolution ||
            list.size() == per_resolution * resolutions) {
            return;
        }
        const std::string what = per_resolution == 1 ? " number" : " pair";
        report(parameter,
               "has " + std::to_string(list.size() / per_resolution) + what + "s for " +
                   std::to_string(resolutions) + " resolution" + (resolutions == 1 ? "" : "s") +
                   " (synthetic.resolutions); give one" + what + ", or one per resolution");
        lengths_fit_ = false;
    }
    void check_list_lengths() {
        const SyntheticConfig& synthetic = config_.synthetic;
        check_length("synthetic.texture", synthetic.texture, 1);
        check_length("synthetic.structural", synthetic.structural, 1);
        check_length("synthetic.contextual", synthetic.contextual, 1);
        check_length("synthetic.texture_patches", synthetic.texture_patches, 2);
        check_length("synthetic.texture_side", synthetic.texture_side, 2);
        check_length("synthetic.noise", synthetic.noise, 2);
        check_length("synthetic.circle_radius", synthetic.circle_radius, 2);
        check_length("synthetic.rectangle_side", synthetic.rectangle_side, 2);
        check_length("synthetic.line_thickness", synthetic.line_thickness, 2);
        check_length("synthetic.lines", synthetic.lines, 2);
        check_length("synthetic.polygon_vertices", synthetic.polygon_vertices, 2);
        check_length("synthetic.polygon_radius", synthetic.polygon_radius, 2);
        check_length("synthetic.contextual_side", synthetic.contextual_side, 2);
        check_length("synthetic.blend", synthetic.blend, 2);
    }

    void check_batch() {
        const int batch = config_.train.batch_size;
        if (batch % 2 != 0) {
            report(
                "train.batch_size",
                "half of a batch is normal images and half anomalies; give an even number, not " +
                    std::to_string(batch));
        }
        if (!lengths_fit_) {
            return;
        }
        const AnomalyRows rows = anomaly_rows(config_.synthetic, kAllImages);
        if (rows.total() == rows.normals_first) {
            report("synthetic.texture",
                   "no anomaly is made: texture, structural and contextual are 0; give one of them "
                   "a number, or set model.use_lora: false");
            return;
        }
        if (config_.train.sampling == "blocks_compat") {
            check_blocks(rows);
            if (is_version("1.3") && batch % 2 == 0) {
                check_blocks_of_resolutions(rows);
            }
        }
    }
    /// 1.3's loop takes one anomaly of each resolution in a step (AnomalyVFM B5).
    void check_blocks_of_resolutions(const AnomalyRows& rows) {
        const auto resolutions = static_cast<int>(rows.resolutions.size());
        if (config_.train.batch_size != 2 * resolutions) {
            report("train.batch_size",
                   "blocks_compat of version 1.3 takes one anomaly of each resolution and as many "
                   "normal images: give " +
                       std::to_string(2 * resolutions) + ", not " +
                       std::to_string(config_.train.batch_size) + ", or train.sampling: shuffled");
        }
        const std::int64_t first = rows.resolutions.front().total();
        for (const AnomalyCounts& counts : rows.resolutions) {
            if (counts.total() != first) {
                report("synthetic.texture",
                       "blocks_compat of version 1.3 takes equally many anomalies of each "
                       "resolution, but texture, structural and contextual give " +
                           std::to_string(first) + " and " + std::to_string(counts.total()) +
                           "; make them equal, or train.sampling: shuffled");
                return;
            }
        }
    }
    /// The reference's loop slices half a batch out of each list (AnomalyVFM B3).
    void check_blocks(const AnomalyRows& rows) {
        const std::int64_t half = config_.train.batch_size / 2;
        if (rows.normals < half) {
            report("train.sampling",
                   "blocks_compat takes " + std::to_string(half) +
                       " normal images at a time, but synthetic.normal_images is " +
                       std::to_string(rows.normals));
        }
        const std::int64_t anomalies = rows.total() - rows.normals_first;
        if (anomalies < half) {
            report("train.sampling",
                   "blocks_compat takes " + std::to_string(half) +
                       " anomalies at a time, but only " + std::to_string(anomalies) + " are made");
        }
    }

    /// A patch is put anywhere inside the image, so it must be smaller than it.
    void check_side(const char* parameter, const NumberList& sides) {
        const NumberList& resolutions = config_.synthetic.resolutions;
        if (!is_active(*find_parameter(parameter), config_)) {
            return;
        }
        for (std::size_t i = 0; i < resolutions.size(); ++i) {
            const std::size_t pair = sides.size() == 2 ? 0 : 2 * i;
            const double low = sides[pair], high = sides[pair + 1];
            const double largest = high > low ? high - 1 : high;
            const double side = resolutions[i] > 0 ? resolutions[i] : load_side(config_.data);
            if (largest >= side) {
                report(parameter,
                       "reaches " + text_of(largest) +
                           " pixels, but anomalies are made on images "
                           "of " +
                           text_of(side) + " (" +
                           (resolutions[i] > 0            ? "synthetic.resolutions"
                            : config_.data.load_size != 0 ? "data.load_size"
                                                          : "data.image_size") +
                           "); give a range below it");
                return;
            }
        }
    }
    void check_geometry() {
        if (lengths_fit_) {
            check_side("synthetic.texture_side", config_.synthetic.texture_side);
            check_side("synthetic.contextual_side", config_.synthetic.contextual_side);
        }
    }

    const TrialConfig& config_;
    const BackboneArchitecture& backbone_;
    std::vector<AnomalyVfmProblem> found_;
    bool lengths_fit_ = true;
};

}  // namespace

std::vector<AnomalyVfmProblem> anomalyvfm_problems(const TrialConfig& config,
                                                   const BackboneArchitecture& backbone) {
    return Rules(config, backbone).check();
}

}  // namespace harrow::sweeps
