#include "storage/datasets/pattern_noise.hpp"
#include "storage/datasets/scene.hpp"

namespace harrow::storage {
namespace {

constexpr double kTwoPi = 6.283185307179586;

/// The camera sits a little differently over the material in every picture.
Pose material_pose(sweeps::RandomStream& random, double max_turn_rad) {
    const double turn = random.uniform(-max_turn_rad, max_turn_rad);
    const Point shift = {random.uniform(-4.0, 4.0), random.uniform(-4.0, 4.0)};
    return make_pose(shift, turn, random.uniform(0.97, 1.03));
}

/// Plain weave: threads pass over and under each other in a chessboard.
class Weave : public Scene {
public:
    Weave(const Look& look, sweeps::RandomStream& random)
        : pose_(material_pose(random, 0.04)),
          pitch_(0.19 + 0.02 * look.variation),
          seed_(random.next()) {
        constexpr Rgb kWarp[kNumPalettes] = {
            {0.66, 0.60, 0.50}, {0.30, 0.42, 0.58}, {0.60, 0.30, 0.28}, {0.50, 0.52, 0.54}};
        constexpr Rgb kWeft[kNumPalettes] = {
            {0.52, 0.46, 0.37}, {0.62, 0.66, 0.70}, {0.36, 0.20, 0.22}, {0.24, 0.26, 0.28}};
        warp_ = kWarp[look.palette];
        weft_ = kWeft[look.palette];
    }

    Rgb color(Point p, double /*pixel*/) const override {
        const Point q = pose_.to_local(p) * (1.0 / pitch_);
        const double column = std::floor(q.x);
        const double row = std::floor(q.y);
        const auto i = static_cast<std::int64_t>(column);
        const auto j = static_cast<std::int64_t>(row);
        const bool warp_on_top = ((i + j) & 1) == 0;
        const double u = 2.0 * (q.x - column) - 1.0;
        const double v = 2.0 * (q.y - row) - 1.0;
        const double across = warp_on_top ? u : v;
        const double along = warp_on_top ? v : u;
        const double height = (1.0 - 0.75 * across * across) * (1.0 - 0.45 * along * along);
        const double thread = lattice_noise(seed_, warp_on_top ? i : j, warp_on_top ? 0 : 1);
        const double fibre = value_noise(seed_ + 7, q.x * 3.0, q.y * 3.0);
        const double tone = (0.35 + 0.65 * height) * (0.93 + 0.14 * thread) * (0.92 + 0.16 * fibre);
        return (warp_on_top ? warp_ : weft_) * tone;
    }
    Rgb background(Point /*p*/) const override { return weft_ * 0.25; }
    double part(Point /*p*/) const override { return -1.0; }

private:
    Pose pose_;
    double pitch_;
    std::uint64_t seed_;
    Rgb warp_;
    Rgb weft_;
};

/// Planed wood: wavy year rings along x and fine streaks.
class Grain : public Scene {
public:
    Grain(const Look& look, sweeps::RandomStream& random)
        : pose_(material_pose(random, 0.06)),
          rings_(3.2 + 0.5 * look.variation),
          seed_(random.next()) {
        constexpr Rgb kLight[kNumPalettes] = {
            {0.72, 0.54, 0.36}, {0.80, 0.72, 0.58}, {0.55, 0.36, 0.26}, {0.62, 0.60, 0.56}};
        constexpr Rgb kDark[kNumPalettes] = {
            {0.50, 0.33, 0.19}, {0.62, 0.52, 0.38}, {0.34, 0.20, 0.14}, {0.44, 0.42, 0.39}};
        light_ = kLight[look.palette];
        dark_ = kDark[look.palette];
    }

    Rgb color(Point p, double /*pixel*/) const override {
        const Point q = pose_.to_local(p);
        const double bend = fractal_noise(seed_, q.x * 0.5, q.y * 0.9);
        const double ring = 0.5 + 0.5 * std::sin(kTwoPi * (q.y * rings_ + 2.2 * bend));
        const double streak = value_noise(seed_ + 11, q.x * 2.5, q.y * 26.0);
        const double pore = value_noise(seed_ + 12, q.x * 9.0, q.y * 60.0);
        const Rgb wood = mix(light_, dark_, clamp01(0.75 * ring * ring + 0.45 * (streak - 0.4)));
        return wood * (0.94 + 0.1 * pore);
    }
    Rgb background(Point /*p*/) const override { return dark_ * 0.35; }
    double part(Point /*p*/) const override { return -1.0; }

private:
    Pose pose_;
    double rings_;
    std::uint64_t seed_;
    Rgb light_;
    Rgb dark_;
};

/// Glazed square tiles with bevels and grout; each tile has its own tone and veins.
class Tiles : public Scene {
public:
    Tiles(const Look& look, sweeps::RandomStream& random)
        : pose_(material_pose(random, 0.03)),
          pitch_(0.56 + 0.06 * look.variation),
          seed_(random.next()) {
        constexpr Rgb kGlaze[kNumPalettes] = {
            {0.36, 0.52, 0.60}, {0.76, 0.72, 0.66}, {0.62, 0.36, 0.28}, {0.34, 0.46, 0.36}};
        constexpr Rgb kGrout[kNumPalettes] = {
            {0.74, 0.73, 0.70}, {0.46, 0.44, 0.42}, {0.70, 0.66, 0.60}, {0.80, 0.79, 0.74}};
        glaze_ = kGlaze[look.palette];
        grout_ = kGrout[look.palette];
    }

    Rgb color(Point p, double pixel) const override {
        const Point q = pose_.to_local(p);
        const auto i = static_cast<std::int64_t>(std::floor(q.x / pitch_));
        const auto j = static_cast<std::int64_t>(std::floor(q.y / pitch_));
        const double distance = part(p);
        const double vein = fractal_noise(seed_ + 3, q.x * 3.5, q.y * 3.5);
        const double tone = 0.93 + 0.14 * lattice_noise(seed_, i, j) + 0.22 * (vein - 0.5);
        const double bevel = 1.0 - 0.22 * ramp(-0.07, 0.0, distance);
        return mix(background(p), glaze_ * (tone * bevel), coverage(distance, pixel));
    }
    Rgb background(Point p) const override {
        const Point q = pose_.to_local(p);
        return grout_ * (0.92 + 0.12 * value_noise(seed_ + 5, q.x * 30.0, q.y * 30.0));
    }
    double part(Point p) const override {
        constexpr double kGroutHalfWidth = 0.025;
        const Point q = pose_.to_local(p);
        const double u = q.x / pitch_ - std::floor(q.x / pitch_);
        const double v = q.y / pitch_ - std::floor(q.y / pitch_);
        const double to_edge = std::min({u, 1.0 - u, v, 1.0 - v}) * pitch_;
        return kGroutHalfWidth - to_edge;
    }

private:
    Pose pose_;
    double pitch_;
    std::uint64_t seed_;
    Rgb glaze_;
    Rgb grout_;
};

/// Round studs in a staggered grid on a rubber mat.
class Dots : public Scene {
public:
    Dots(const Look& look, sweeps::RandomStream& random)
        : pose_(material_pose(random, 0.04)),
          pitch_(0.36 + 0.03 * look.variation),
          radius_(0.115 + 0.01 * look.variation),
          seed_(random.next()) {
        constexpr Rgb kMat[kNumPalettes] = {
            {0.24, 0.25, 0.27}, {0.56, 0.60, 0.52}, {0.70, 0.66, 0.60}, {0.22, 0.30, 0.42}};
        constexpr Rgb kStud[kNumPalettes] = {
            {0.74, 0.60, 0.24}, {0.24, 0.34, 0.30}, {0.60, 0.24, 0.22}, {0.72, 0.74, 0.78}};
        mat_ = kMat[look.palette];
        stud_ = kStud[look.palette];
    }

    Rgb color(Point p, double pixel) const override {
        const Point offset = to_nearest(p);
        const double distance = length(offset) - radius_;
        const double slope = dot(offset, Point{-0.6, -0.8}) / radius_;
        const double tone = 0.88 + 0.16 * slope * ramp(-0.09, 0.0, distance) +
                            0.10 * value_noise(seed_ + 2, p.x * 14.0, p.y * 14.0);
        return mix(background(p), stud_ * tone, coverage(distance, pixel));
    }
    Rgb background(Point p) const override {
        const Point q = pose_.to_local(p);
        return mat_ * (0.86 + 0.28 * value_noise(seed_, q.x * 34.0, q.y * 34.0));
    }
    double part(Point p) const override { return length(to_nearest(p)) - radius_; }

private:
    /// From the centre of the nearest stud to p.
    Point to_nearest(Point p) const {
        const Point q = pose_.to_local(p);
        const double row_height = pitch_ * 0.866;
        Point best = {10.0, 10.0};
        const double row = std::floor(q.y / row_height);
        for (double j = row; j <= row + 1.0; ++j) {
            const double shift = std::fmod(std::abs(j), 2.0) * 0.5;
            const double column = std::floor(q.x / pitch_ - shift + 0.5);
            const Point offset = q - Point{(column + shift) * pitch_, j * row_height};
            best = dot(offset, offset) < dot(best, best) ? offset : best;
        }
        return best;
    }

    Pose pose_;
    double pitch_;
    double radius_;
    std::uint64_t seed_;
    Rgb mat_;
    Rgb stud_;
};

}  // namespace

Pose make_pose(Point center, double angle_rad, double scale) {
    return {center, {std::cos(angle_rad), std::sin(angle_rad)}, scale};
}

std::unique_ptr<Scene> make_weave(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Weave>(look, random);
}
std::unique_ptr<Scene> make_grain(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Grain>(look, random);
}
std::unique_ptr<Scene> make_tiles(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Tiles>(look, random);
}
std::unique_ptr<Scene> make_dots(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Dots>(look, random);
}

}  // namespace harrow::storage
