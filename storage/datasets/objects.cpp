#include <array>
#include <vector>

#include "storage/datasets/pattern_noise.hpp"
#include "storage/datasets/scene.hpp"

namespace harrow::storage {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr Point kLight = {-0.6, -0.8};  // unit vector towards the lamp

double box_distance(Point p, Point half_size) {
    const double x = std::abs(p.x) - half_size.x;
    const double y = std::abs(p.y) - half_size.y;
    return length({std::max(x, 0.0), std::max(y, 0.0)}) + std::min(std::max(x, y), 0.0);
}

Pose part_pose(sweeps::RandomStream& random, double max_turn_rad) {
    const Point center = {random.uniform(-0.10, 0.10), random.uniform(-0.10, 0.10)};
    const double turn = random.uniform(-max_turn_rad, max_turn_rad);
    return make_pose(center, turn, random.uniform(0.95, 1.05));
}

/// A part that lies on a table: shadow, bevelled edge and the table's surface are the same for all.
class Part : public Scene {
public:
    Part(double max_turn_rad, Rgb table, sweeps::RandomStream& random)
        : pose_(part_pose(random, max_turn_rad)), table_(table), seed_(random.next()) {}

    Rgb color(Point p, double pixel) const override {
        const double distance = part(p);
        Rgb result = background(p);
        const double shadow = 1.0 - ramp(-0.02, 0.12, part(p + kLight * 0.07));
        result = result * (1.0 - 0.35 * shadow);
        if (distance < pixel) {
            const double light = 1.0 + bevel(p, distance);
            result =
                mix(result, surface(pose_.to_local(p), pixel) * light, coverage(distance, pixel));
        }
        return result;
    }
    Rgb background(Point p) const override {
        return table_ * (0.93 + 0.10 * value_noise(seed_, p.x * 40.0, p.y * 40.0) +
                         0.06 * value_noise(seed_ + 1, p.x * 3.0, p.y * 3.0));
    }
    double part(Point p) const override { return shape(pose_.to_local(p)) * pose_.scale; }

protected:
    /// Signed distance and colour in the part's own coordinates.
    virtual double shape(Point p) const = 0;
    virtual Rgb surface(Point p, double pixel) const = 0;
    /// Width of the rounded edge.
    virtual double bevel_width() const { return 0.07; }
    std::uint64_t seed() const { return seed_; }

private:
    /// Edges that face the lamp are brighter, the others darker.
    double bevel(Point p, double distance) const {
        const double width = bevel_width();
        if (distance < -width) {
            return 0.0;
        }
        constexpr double kStep = 0.004;
        const Point slope = {(part({p.x + kStep, p.y}) - part({p.x - kStep, p.y})) / (2.0 * kStep),
                             (part({p.x, p.y + kStep}) - part({p.x, p.y - kStep})) / (2.0 * kStep)};
        return 0.38 * dot(slope, kLight) * ramp(-width, 0.0, distance);
    }

    Pose pose_;
    Rgb table_;
    std::uint64_t seed_;
};

/// Two-coloured medicine capsule with a highlight, a seam and a printed ring.
class Capsule : public Part {
public:
    Capsule(const Look& look, sweeps::RandomStream& random)
        : Part(0.3, table(look.palette), random), half_length_(0.42 + 0.04 * look.variation) {
        constexpr Rgb kLeft[kNumPalettes] = {
            {0.72, 0.28, 0.20}, {0.86, 0.74, 0.30}, {0.26, 0.42, 0.66}, {0.40, 0.26, 0.46}};
        constexpr Rgb kRight[kNumPalettes] = {
            {0.88, 0.82, 0.70}, {0.84, 0.84, 0.82}, {0.82, 0.86, 0.90}, {0.88, 0.74, 0.56}};
        left_ = kLeft[look.palette];
        right_ = kRight[look.palette];
    }

protected:
    double shape(Point p) const override {
        const double along = std::max(std::abs(p.x) - half_length_, 0.0);
        // The left half is a sleeve over the right one, hence a little thicker.
        return length({along, p.y}) - (p.x < kSeam ? kRadius : kRadius - 0.015);
    }
    Rgb surface(Point p, double pixel) const override {
        const Rgb shell = mix(left_, right_, coverage(kSeam - p.x, pixel));
        const double height = 1.0 - (p.y * p.y) / (kRadius * kRadius);
        const double seam = 1.0 - 0.25 * coverage(std::abs(p.x - kSeam) - 0.012, pixel);
        const double ring = 1.0 - 0.35 * coverage(std::abs(p.x + 0.30) - 0.03, pixel);
        const double speckle = 0.97 + 0.06 * value_noise(seed() + 4, p.x * 18.0, p.y * 18.0);
        const double gloss = 0.30 * (1.0 - ramp(0.0, 0.07, std::abs(p.y + 0.13))) *
                             (1.0 - ramp(half_length_ - 0.1, half_length_ + 0.15, std::abs(p.x)));
        const double tone = (0.62 + 0.42 * std::sqrt(clamp01(height))) * seam * ring * speckle;
        return shell * tone + Rgb{gloss, gloss, gloss};
    }
    double bevel_width() const override { return 0.14; }

private:
    static Rgb table(int palette) {
        constexpr std::array<Rgb, kNumPalettes> kTables = {Rgb{0.36, 0.40, 0.44},
                                                           Rgb{0.30, 0.32, 0.35},
                                                           Rgb{0.42, 0.48, 0.46},
                                                           Rgb{0.24, 0.24, 0.26}};
        return kTables[palette];
    }

    static constexpr double kRadius = 0.30;
    static constexpr double kSeam = 0.06;
    double half_length_;
    Rgb left_;
    Rgb right_;
};

/// A metal and a table it stands out from.
struct Finish {
    Rgb metal;
    Rgb table;
};

Finish finish(int palette) {
    constexpr std::array<Finish, kNumPalettes> kFinishes = {
        Finish{{0.52, 0.53, 0.56}, {0.82, 0.82, 0.80}},
        Finish{{0.70, 0.58, 0.36}, {0.30, 0.32, 0.35}},
        Finish{{0.38, 0.40, 0.44}, {0.70, 0.76, 0.72}},
        Finish{{0.68, 0.48, 0.38}, {0.24, 0.30, 0.32}}};
    return kFinishes[palette % kNumPalettes];
}

/// Turned metal reflects in two opposite sectors and shows fine rings.
double turned_tone(Point p, std::uint64_t seed) {
    const double radius = std::max(length(p), 1e-6);
    const double facing = dot(p, Point{0.8, -0.6}) / radius;
    return 0.84 + 0.20 * facing * facing + 0.10 * (value_noise(seed, radius * 45.0, 0.5) - 0.5);
}

/// Spur gear with a hub hole and lightening holes.
class Gear : public Part {
public:
    Gear(const Look& look, sweeps::RandomStream& random)
        : Part(kTwoPi / 2.0, finish(look.palette).table, random),
          metal_(finish(look.palette).metal),
          ring_seed_(look.seed) {
        const int teeth = 14 + (look.variation > 0.0 ? 2 : 0);
        for (int k = 0; k < teeth; ++k) {
            teeth_.push_back(direction(k, teeth));
        }
        for (int k = 0; k < 5; ++k) {
            holes_.push_back(direction(k, 5) * 0.36);
        }
    }

protected:
    double shape(Point p) const override {
        double distance = std::max(length(p) - 0.58, 0.17 - length(p));
        const Point* tooth = &teeth_.front();
        for (const Point& candidate : teeth_) {
            tooth = dot(candidate, p) > dot(*tooth, p) ? &candidate : tooth;
        }
        const Point local = {dot(*tooth, p) - 0.64, tooth->x * p.y - tooth->y * p.x};
        const double half_width = 0.062 - 0.25 * local.x;  // teeth taper outwards
        distance = std::min(distance, box_distance(local, {0.10, half_width}));
        for (const Point& hole : holes_) {
            distance = std::max(distance, 0.085 - length(p - hole));
        }
        return distance;
    }
    Rgb surface(Point p, double /*pixel*/) const override {
        const double groove = 1.0 - 0.14 * (1.0 - ramp(0.0, 0.03, std::abs(length(p) - 0.25)));
        const double grime = 0.94 + 0.12 * fractal_noise(seed() + 3, p.x * 3.0, p.y * 3.0);
        return metal_ * (turned_tone(p, ring_seed_) * groove * grime);
    }
    double bevel_width() const override { return 0.03; }

private:
    static Point direction(int k, int count) {
        const double angle = kTwoPi * k / count;
        return {std::cos(angle), std::sin(angle)};
    }

    Rgb metal_;
    std::uint64_t ring_seed_;
    std::vector<Point> teeth_;
    std::vector<Point> holes_;
};

/// Flat ring with a rolled rim.
class Washer : public Part {
public:
    Washer(const Look& look, sweeps::RandomStream& random)
        : Part(kTwoPi / 2.0, finish(look.palette + 3).table, random),
          metal_(finish(look.palette + 3).metal),
          hole_(0.30 + 0.03 * look.variation),
          ring_seed_(look.seed) {}

protected:
    double shape(Point p) const override {
        return std::max(length(p) - kRadius, hole_ - length(p));
    }
    Rgb surface(Point p, double pixel) const override {
        const double rim = 1.0 + 0.12 * coverage(std::abs(length(p) - 0.58) - 0.03, pixel);
        const double grime = 0.92 + 0.16 * fractal_noise(seed() + 3, p.x * 2.5, p.y * 2.5);
        return metal_ * (turned_tone(p, ring_seed_) * rim * grime);
    }
    double bevel_width() const override { return 0.05; }

private:
    static constexpr double kRadius = 0.70;
    Rgb metal_;
    double hole_;
    std::uint64_t ring_seed_;
};

/// Bolt seen from the side: head, shank and thread along its x axis.
class Bolt : public Part {
public:
    Bolt(const Look& look, sweeps::RandomStream& random)
        : Part(0.3, finish(look.palette + 1).table, random),
          metal_(finish(look.palette + 1).metal),
          turns_(9.0 + std::floor(2.0 * look.variation)),
          phase_(random.uniform()) {}

protected:
    double shape(Point p) const override {
        const double head = box_distance(p - Point{-0.55, 0.0}, {0.13, 0.33}) - 0.03;
        const double ridge = is_threaded(p.x) ? 0.022 * std::abs(turn(p) - 0.5) * 2.0 : 0.0;
        const double shank = box_distance(p - Point{0.12, 0.0}, {0.62, 0.17 - ridge}) - 0.015;
        return std::min(head, shank);
    }
    Rgb surface(Point p, double /*pixel*/) const override {
        const double brushed = 0.95 + 0.10 * value_noise(seed() + 3, p.x * 4.0, p.y * 40.0);
        if (p.x < -0.40) {  // head with the three visible faces of a hexagon
            const double face = p.y < -0.17 ? 1.10 : (p.y < 0.17 ? 0.98 : 0.74);
            return metal_ * (face * brushed);
        }
        const double round = 0.60 + 0.50 * std::sqrt(clamp01(1.0 - p.y * p.y / 0.040));
        const double groove = is_threaded(p.x) ? 0.72 + 0.42 * std::abs(2.0 * turn(p) - 1.0) : 1.0;
        return metal_ * (round * groove * brushed);
    }
    double bevel_width() const override { return 0.035; }

private:
    static bool is_threaded(double x) { return x > -0.05; }
    /// Position within one turn of the thread, in [0, 1); the thread leans.
    double turn(Point p) const {
        const double t = p.x * turns_ + p.y * 0.8 + phase_;
        return t - std::floor(t);
    }

    Rgb metal_;
    double turns_;
    double phase_;
};

}  // namespace

std::unique_ptr<Scene> make_capsule(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Capsule>(look, random);
}
std::unique_ptr<Scene> make_gear(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Gear>(look, random);
}
std::unique_ptr<Scene> make_washer(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Washer>(look, random);
}
std::unique_ptr<Scene> make_bolt(const Look& look, sweeps::RandomStream& random) {
    return std::make_unique<Bolt>(look, random);
}

}  // namespace harrow::storage
