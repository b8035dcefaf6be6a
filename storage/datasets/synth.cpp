#include "storage/datasets/synth.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/datasets/defects.hpp"
#include "storage/datasets/image.hpp"
#include "storage/datasets/scene.hpp"
#include "storage/datasets/synth_layouts.hpp"
#include "storage/pending_directory.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

constexpr int kTrainImages = 30;
constexpr int kGoodTestImages = 12;
constexpr int kImagesPerDefect = 6;
constexpr int kValidationImages = 6;

struct ClassKind {
    const char* name;
    SceneMaker make_scene;
    std::array<DefectKind, 3> defects;
};

// In this order textures and objects alternate for any number of classes, also when sorted by name.
constexpr std::array<ClassKind, 8> kKinds = {{
    {"capsule", make_capsule, {DefectKind::Scratch, DefectKind::MissingPart, DefectKind::Colour}},
    {"weave", make_weave, {DefectKind::Scratch, DefectKind::Blob, DefectKind::ForeignTexture}},
    {"gear", make_gear, {DefectKind::MissingPart, DefectKind::Scratch, DefectKind::Blob}},
    {"tiles", make_tiles, {DefectKind::Scratch, DefectKind::MissingPart, DefectKind::Blob}},
    {"dots", make_dots, {DefectKind::MissingPart, DefectKind::Colour, DefectKind::Blob}},
    {"grain", make_grain, {DefectKind::Scratch, DefectKind::Colour, DefectKind::Blob}},
    {"washer",
     make_washer,
     {DefectKind::MissingPart, DefectKind::ForeignTexture, DefectKind::Blob}},
    {"bolt", make_bolt, {DefectKind::MissingPart, DefectKind::Scratch, DefectKind::Colour}},
}};

std::string stem_of(int image) {
    char text[16];
    std::snprintf(text, sizeof text, "%03d", image);
    return text;
}

/// Lamp and sensor of one photograph; the same for a part with and without its defect.
class Camera {
public:
    Camera(int size, sweeps::RandomStream& random)
        : gain_(random.uniform(0.94, 1.06)), noise_(random.uniform(0.008, 0.014)) {
        slope_.x = random.uniform(-0.05, 0.05);
        slope_.y = random.uniform(-0.05, 0.05);
        grain_.resize(static_cast<std::size_t>(size) * size);
        for (double& value : grain_) {
            value = noise_ * random.normal();
        }
    }

    void expose(Rgb color, Point p, std::size_t pixel, std::uint8_t* out) const {
        const double light = gain_ * (1.0 + dot(slope_, p));
        const std::array<double, 3> values = {color.r, color.g, color.b};
        for (std::size_t c = 0; c < values.size(); ++c) {
            const double value = clamp01(values[c] * light + grain_[pixel]);
            out[c] = static_cast<std::uint8_t>(value * 255.0 + 0.5);
        }
    }

private:
    double gain_;
    double noise_;
    Point slope_;
    std::vector<double> grain_;
};

struct Photograph {
    Image image;
    Image mask;
    int changed_pixels = 0;
};

/// Mean of 2 x 2 samples per pixel, with and without the defect; the mask is where they differ.
Photograph photograph(const Scene& scene, const Defect* defect, const Camera& camera, int size) {
    const auto area = static_cast<std::size_t>(size) * size;
    Photograph result{{size, size, 3, std::vector<std::uint8_t>(3 * area)},
                      {size, size, 1, std::vector<std::uint8_t>(area)}};
    const double pixel = 2.0 / size;
    for (std::size_t i = 0; i < area; ++i) {
        const Point center = {(static_cast<double>(i % size) + 0.5) * pixel - 1.0,
                              (static_cast<double>(i / size) + 0.5) * pixel - 1.0};
        Rgb clean;
        Rgb damaged;
        for (int k = 0; k < 4; ++k) {
            const Point p =
                center + Point{(k % 2 - 0.5) * 0.5 * pixel, (k / 2 - 0.5) * 0.5 * pixel};
            const Rgb color = scene.color(p, pixel);
            clean = clean + color * 0.25;
            damaged = damaged + (defect == nullptr ? color : defect->apply(p, pixel, color)) * 0.25;
        }
        std::array<std::uint8_t, 3> intact{};
        std::uint8_t* out = &result.image.pixels[3 * i];
        camera.expose(clean, center, i, intact.data());
        camera.expose(damaged, center, i, out);
        if (!std::equal(intact.begin(), intact.end(), out)) {
            result.mask.pixels[i] = 255;
            ++result.changed_pixels;
        }
    }
    return result;
}

/// Draws all pictures of one class. Streams are named after class, folder and picture, so that
/// neither the number of classes nor that of pictures changes one that exists.
class ClassPainter {
public:
    ClassPainter(SynthWriter& writer, int index, const SynthOptions& options)
        : kind_(kKinds[index % kKinds.size()]), options_(options), writer_(writer) {
        const int round = index / static_cast<int>(kKinds.size());
        name_ = numbered_name(kind_.name, round);
        written_name_ = writer.class_name(index, name_);
        sweeps::RandomStream random = stream("look");
        look_.palette = static_cast<int>((random.below(kNumPalettes) + round) % kNumPalettes);
        look_.seed = random.next();
        look_.variation = random.uniform(-1.0, 1.0);
    }

    void paint() const {
        paint_good(SynthSplit::Train, "train/good/", kTrainImages);
        paint_good(SynthSplit::Test, "test/good/", kGoodTestImages);
        if (writer_.has_validation()) {
            paint_good(SynthSplit::Validation, "validation/good/", kValidationImages);
        }
        for (const DefectKind defect : kind_.defects) {
            paint_defects(defect);
        }
    }

private:
    sweeps::RandomStream stream(const std::string& part) const {
        return {options_.seed, "synth/" + name_ + "/" + part};
    }

    void paint_good(SynthSplit split, const std::string& folder, int count) const {
        for (int i = 0; i < count; ++i) {
            sweeps::RandomStream random = stream(folder + stem_of(i));
            const std::unique_ptr<Scene> scene = kind_.make_scene(look_, random);
            const Camera camera(options_.size, random);
            const Photograph result = photograph(*scene, nullptr, camera, options_.size);
            writer_.add({written_name_, split, "good", i, result.image});
        }
    }

    void paint_defects(DefectKind kind) const {
        const std::string type = defect_name(kind);
        for (int i = 0; i < kImagesPerDefect; ++i) {
            sweeps::RandomStream random = stream("test/" + type + "/" + stem_of(i));
            const Photograph result = paint_damaged(kind, i, random);
            writer_.add({written_name_, SynthSplit::Test, type, i, result.image, &result.mask});
        }
    }

    /// From subtle to obvious over the images of a type; size follows another order than contrast.
    /// A defect that hardly changes a pixel (hidden, or tiny at this resolution) is drawn again,
    /// larger and clearer.
    Photograph paint_damaged(DefectKind kind, int image, sweeps::RandomStream& random) const {
        const std::unique_ptr<Scene> scene = kind_.make_scene(look_, random);
        const Camera camera(options_.size, random);
        const int min_pixels = std::max(6, options_.size * options_.size / 1000);
        Difficulty difficulty;
        difficulty.contrast = (image + random.uniform()) / kImagesPerDefect;
        difficulty.size = (image * 5 % kImagesPerDefect + random.uniform()) / kImagesPerDefect;
        for (int attempt = 0; attempt < 50; ++attempt) {
            const std::unique_ptr<Defect> defect = make_defect(kind, *scene, difficulty, random);
            Photograph result = photograph(*scene, defect.get(), camera, options_.size);
            if (result.changed_pixels >= min_pixels) {
                return result;
            }
            difficulty.contrast = std::min(1.0, difficulty.contrast + 0.1);
            difficulty.size = std::min(1.0, difficulty.size + 0.1);
        }
        throw std::logic_error("synthetic data: no visible " + defect_name(kind) + " on " + name_);
    }

    const ClassKind& kind_;
    SynthOptions options_;
    std::string name_;          ///< of what is drawn
    std::string written_name_;  ///< as the layout calls it
    SynthWriter& writer_;
    Look look_;
};

void check_options(const fs::path& root, const SynthOptions& options) {
    std::vector<sweeps::Problem> problems;
    const auto refuse = [&problems](const std::string& key, const std::string& message) {
        problems.push_back({"", 0, key, message});
    };
    if (options.classes < 1 || options.classes > 64) {
        refuse("--classes", std::to_string(options.classes) + " is out of range; allowed: 1 to 64");
    }
    if (options.size < 32 || options.size > 1024) {
        refuse("--size",
               std::to_string(options.size) + " is out of range; allowed: 32 to 1024 pixels");
    }
    if (make_synth_writer(options.layout, root) == nullptr) {
        refuse("--layout", "unknown layout '" + options.layout + "'");
    }
    const std::string occupied = occupied_directory_problem(root);
    if (!occupied.empty()) {
        refuse(root.string(), occupied);
    }
    if (!problems.empty()) {
        throw sweeps::UsageError(std::move(problems));
    }
}

}  // namespace

void write_synthetic_dataset(const fs::path& root, const SynthOptions& options) {
    check_options(root, options);
    PendingDirectory directory(root);
    const std::unique_ptr<SynthWriter> writer = make_synth_writer(options.layout, directory.path());
    for (int index = 0; index < options.classes; ++index) {
        ClassPainter(*writer, index, options).paint();
    }
    writer->finish();
    directory.publish();
}

}  // namespace harrow::storage
