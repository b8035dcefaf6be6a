#include <algorithm>

#include "sweeps/parameter_row.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;
constexpr auto kSynthetic = &Config::synthetic;
constexpr Stage kStage = Stage::Training;
constexpr double kLargestSide = 2048;

bool are_any(const NumberList& counts) {
    return std::any_of(counts.begin(), counts.end(), [](double count) { return count > 0; });
}

bool has_textures(const Config& config) {
    return trains(config) && are_any(config.synthetic.texture);
}

bool has_texture(const Config& config, const char* kind) {
    const auto& kinds = config.synthetic.texture_kinds;
    return has_textures(config) && std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool has_structures(const Config& config) {
    return trains(config) && are_any(config.synthetic.structural);
}

bool has_structure(const Config& config, const char* kind) {
    const auto& kinds = config.synthetic.structural_kinds;
    return has_structures(config) && std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool has_contexts(const Config& config) {
    return trains(config) && are_any(config.synthetic.contextual);
}

/// A range in pixels, one for all resolutions or one per resolution.
template <auto Field>
Row side_row(const char* name, bool (*applies)(const Config&)) {
    return row<kSynthetic, Field>(name, kStage)
        .at_least(1)
        .at_most(kLargestSide)
        .whole()
        .pairs()
        .unit("pixels")
        .methods({"anomalyvfm"})
        .when(applies)
        .per_class();
}

/// How many of a stage, one number for all resolutions or one per resolution.
template <auto Field>
Row count_row(const char* name) {
    return row<kSynthetic, Field>(name, kStage)
        .at_least(0)
        .at_most(100000)
        .whole()
        .unit("images")
        .methods({"anomalyvfm"})
        .when(trains)
        .per_class();
}

void add_source_rows(Table& table) {
    table.push_back(row<kSynthetic, &SyntheticConfig::seed>("synthetic.seed", kStage)
                        .at_least(-1)
                        .methods({"anomalyvfm"})
                        .when(trains)
                        .help("Seed of the anomalies, whatever the trial's, so that trials share "
                              "them; -1: the trial's own")
                        .source("Harrow"));
    table.push_back(
        row<kSynthetic, &SyntheticConfig::normal_images>("synthetic.normal_images", kStage)
            .at_least(1)
            .at_most(1000000)
            .unit("images")
            .methods({"anomalyvfm"})
            .when(trains)
            .per_class()
            .help("Of these many first training images the anomalies are made, and with them the "
                  "layers are trained; scores are measured against all training images")
            .source("AnomalyVFM B3"));
    table.push_back(
        row<kSynthetic, &SyntheticConfig::train_pixels>("synthetic.train_pixels", kStage)
            .choices({"denormalised", "wrapped_compat"})
            .methods({"anomalyvfm"})
            .when(trains)
            .help("denormalised: training sees pixels as scoring does; wrapped_compat: the "
                  "reference's bytes, normalised samples times 255 modulo 256, without "
                  "normalisation, normal images and anomalies alike")
            .source("AnomalyVFM B3, B7-3"));
    table.push_back(row<kSynthetic, &SyntheticConfig::resolutions>("synthetic.resolutions", kStage)
                        .at_least(0)
                        .at_most(kLargestSide)
                        .whole()
                        .unit("pixels")
                        .methods({"anomalyvfm"})
                        .when(trains)
                        .help("Sides of the squares on which anomalies are made; 0: as the image "
                              "is loaded (data.load_size)")
                        .source("AnomalyVFM B5"));
    table.push_back(count_row<&SyntheticConfig::texture>("synthetic.texture")
                        .help("Anomalies with patches of noise")
                        .source("AnomalyVFM B3"));
    table.push_back(count_row<&SyntheticConfig::structural>("synthetic.structural")
                        .help("Anomalies with a drawn shape")
                        .source("AnomalyVFM B3"));
    table.push_back(count_row<&SyntheticConfig::contextual>("synthetic.contextual")
                        .help("Anomalies with a patch of another normal image, or of the same")
                        .source("AnomalyVFM B3"));
}

void add_texture_rows(Table& table) {
    table.push_back(
        row<kSynthetic, &SyntheticConfig::texture_kinds>("synthetic.texture_kinds", kStage)
            .choices({"gaussian", "salt_pepper", "blur"})
            .methods({"anomalyvfm"})
            .when(has_textures)
            .per_class()
            .help("Kinds of noise, each patch one of them")
            .source("AnomalyVFM B3, B6"));
    table.push_back(
        row<kSynthetic, &SyntheticConfig::texture_patches>("synthetic.texture_patches", kStage)
            .at_least(1)
            .at_most(1000)
            .whole()
            .pairs()
            .methods({"anomalyvfm"})
            .when(has_textures)
            .per_class()
            .help("Patches per image")
            .source("AnomalyVFM B3, B6"));
    table.push_back(side_row<&SyntheticConfig::texture_side>("synthetic.texture_side", has_textures)
                        .help("Side of a patch")
                        .source("AnomalyVFM B3"));
    table.push_back(row<kSynthetic, &SyntheticConfig::noise>("synthetic.noise", kStage)
                        .at_least(0)
                        .at_most(1000)
                        .pairs()
                        .unit("grey levels")
                        .methods({"anomalyvfm"})
                        .when([](const Config& c) { return has_texture(c, "gaussian"); })
                        .per_class()
                        .help("Standard deviation of gaussian")
                        .source("AnomalyVFM B3"));
    table.push_back(
        row<kSynthetic, &SyntheticConfig::salt_pepper_share>("synthetic.salt_pepper_share", kStage)
            .at_least(0)
            .at_most(1)
            .methods({"anomalyvfm"})
            .when([](const Config& c) { return has_texture(c, "salt_pepper"); })
            .per_class()
            .help("Share of a patch's pixels that salt_pepper makes black, or white")
            .source("AnomalyVFM B6"));
    table.push_back(row<kSynthetic, &SyntheticConfig::blur_kernel>("synthetic.blur_kernel", kStage)
                        .at_least(1)
                        .at_most(255)
                        .odd()
                        .unit("pixels")
                        .methods({"anomalyvfm"})
                        .when([](const Config& c) { return has_texture(c, "blur"); })
                        .per_class()
                        .help("Side of the Gaussian of blur")
                        .source("AnomalyVFM B6"));
}

void add_line_rows(Table& table) {
    constexpr auto has_lines = [](const Config& c) { return has_structure(c, "line"); };
    table.push_back(
        side_row<&SyntheticConfig::line_thickness>("synthetic.line_thickness", has_lines)
            .help("Thickness of line")
            .source("AnomalyVFM B3"));
    table.push_back(row<kSynthetic, &SyntheticConfig::lines>("synthetic.lines", kStage)
                        .at_least(1)
                        .at_most(1000)
                        .whole()
                        .pairs()
                        .methods({"anomalyvfm"})
                        .when(has_lines)
                        .per_class()
                        .help("Lines per image of line")
                        .source("AnomalyVFM B3, B6"));
}

void add_shape_rows(Table& table) {
    constexpr auto has_polygons = [](const Config& c) { return has_structure(c, "polygon"); };
    table.push_back(
        row<kSynthetic, &SyntheticConfig::structural_kinds>("synthetic.structural_kinds", kStage)
            .choices({"circle", "rectangle", "line", "polygon"})
            .methods({"anomalyvfm"})
            .when(has_structures)
            .per_class()
            .help("Shapes, each image one of them")
            .source("AnomalyVFM B3, B6"));
    table.push_back(
        side_row<&SyntheticConfig::circle_radius>(
            "synthetic.circle_radius", [](const Config& c) { return has_structure(c, "circle"); })
            .help("Radius of circle")
            .source("AnomalyVFM B3"));
    table.push_back(side_row<&SyntheticConfig::rectangle_side>(
                        "synthetic.rectangle_side",
                        [](const Config& c) { return has_structure(c, "rectangle"); })
                        .help("Width and height of rectangle")
                        .source("AnomalyVFM B3"));
    add_line_rows(table);
    table.push_back(
        row<kSynthetic, &SyntheticConfig::polygon_vertices>("synthetic.polygon_vertices", kStage)
            .at_least(3)
            .at_most(1000)
            .whole()
            .pairs()
            .methods({"anomalyvfm"})
            .when(has_polygons)
            .per_class()
            .help("Vertices of polygon")
            .source("AnomalyVFM B6"));
    table.push_back(
        side_row<&SyntheticConfig::polygon_radius>("synthetic.polygon_radius", has_polygons)
            .help("Distance of polygon's vertices from the centre")
            .source("AnomalyVFM B6"));
    table.push_back(row<kSynthetic, &SyntheticConfig::shape_base>("synthetic.shape_base", kStage)
                        .at_least(0)
                        .at_most(kLargestSide)
                        .unit("pixels")
                        .methods({"anomalyvfm"})
                        .when(has_structures)
                        .per_class()
                        .help("Shapes are scaled by resolution / this; 0: they are not")
                        .source("AnomalyVFM B5"));
}

void add_context_rows(Table& table) {
    table.push_back(
        side_row<&SyntheticConfig::contextual_side>("synthetic.contextual_side", has_contexts)
            .help("Side of a patch of another image")
            .source("AnomalyVFM B3"));
    table.push_back(row<kSynthetic, &SyntheticConfig::blend>("synthetic.blend", kStage)
                        .at_least(0)
                        .at_most(1)
                        .pairs()
                        .methods({"anomalyvfm"})
                        .when(has_contexts)
                        .per_class()
                        .help("Share of that patch where it lies; the image beneath has the rest")
                        .source("AnomalyVFM B3, B4"));
}

}  // namespace

void add_synthetic_rows(std::vector<Parameter>& table) {
    add_source_rows(table);
    add_texture_rows(table);
    add_shape_rows(table);
    add_context_rows(table);
}

}  // namespace harrow::sweeps
