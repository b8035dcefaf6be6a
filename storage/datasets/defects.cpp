#include "storage/datasets/defects.hpp"

#include <array>
#include <stdexcept>

#include "storage/datasets/pattern_noise.hpp"

namespace harrow::storage {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kFieldOfView = 0.85;  // defects are centred within this

double lerp(double low, double high, double t) {
    return low + (high - low) * t;
}

Point random_point(sweeps::RandomStream& random) {
    return {random.uniform(-kFieldOfView, kFieldOfView),
            random.uniform(-kFieldOfView, kFieldOfView)};
}

/// A point of the part, the deepest of a few.
Point point_inside(const Scene& scene, sweeps::RandomStream& random, int candidates) {
    Point best = random_point(random);
    for (int tries = 0, inside = 0; tries < 400 && inside < candidates; ++tries) {
        const Point candidate = random_point(random);
        inside += scene.part(candidate) < 0.0 ? 1 : 0;
        best = scene.part(candidate) < scene.part(best) ? candidate : best;
    }
    return best;
}

/// A point within a hair of the part's outline.
Point point_on_edge(const Scene& scene, sweeps::RandomStream& random) {
    Point best = random_point(random);
    for (int tries = 0; tries < 300 && std::abs(scene.part(best)) > 0.015; ++tries) {
        const Point candidate = random_point(random);
        best = std::abs(scene.part(candidate)) < std::abs(scene.part(best)) ? candidate : best;
    }
    return best;
}

Pose random_patch(Point center, sweeps::RandomStream& random) {
    return make_pose(center, random.uniform(0.0, kTwoPi), 1.0);
}

/// Curved line, brighter or darker than the material.
class Scratch : public Defect {
public:
    Scratch(const Scene& scene, Difficulty difficulty, sweeps::RandomStream& random)
        : scene_(scene),
          width_(lerp(0.022, 0.042, difficulty.size)),
          strength_(lerp(0.45, 0.95, difficulty.contrast)) {
        const double angle = random.uniform(0.0, kTwoPi);
        const Point direction = {std::cos(angle), std::sin(angle)};
        const Point side = {-direction.y, direction.x};
        const Point middle = point_inside(scene, random, 3);
        const double half_length = lerp(0.18, 0.38, difficulty.size) * random.uniform(0.85, 1.15);
        const double bend = random.uniform(-0.35, 0.35) * half_length;
        for (int i = 0; i < kPoints; ++i) {
            const double t = 2.0 * i / (kPoints - 1) - 1.0;
            line_[i] = middle + direction * (t * half_length) + side * (bend * (t * t - 0.5));
        }
        tone_ = random.uniform() < 0.5 ? Rgb{0.08, 0.07, 0.07} : Rgb{0.96, 0.95, 0.92};
    }

    Rgb apply(Point p, double pixel, Rgb clean) const override {
        double distance = 10.0;
        for (int i = 0; i + 1 < kPoints; ++i) {
            distance = std::min(distance, segment_distance(p, line_[i], line_[i + 1]));
        }
        const double share = coverage(distance - 0.5 * width_, pixel);
        return share > 0.0 ? mix(clean, tone_, strength_ * share * coverage(scene_.part(p), pixel))
                           : clean;
    }

private:
    static constexpr int kPoints = 9;
    static double segment_distance(Point p, Point a, Point b) {
        const Point edge = b - a;
        const double t = clamp01(dot(p - a, edge) / std::max(dot(edge, edge), 1e-12));
        return length(p - a - edge * t);
    }

    const Scene& scene_;
    double width_;
    double strength_;
    std::array<Point, kPoints> line_;
    Rgb tone_;
};

/// Irregular stain with a ragged border.
class Blob : public Defect {
public:
    Blob(const Scene& scene, Difficulty difficulty, sweeps::RandomStream& random)
        : scene_(scene),
          pose_(random_patch(point_inside(scene, random, 3), random)),
          radius_(lerp(0.09, 0.18, difficulty.size)),
          stretch_(random.uniform(1.0, 1.7)),
          strength_(lerp(0.35, 0.90, difficulty.contrast)),
          seed_(random.next()) {
        constexpr std::array<Rgb, 4> kStains = {Rgb{0.10, 0.08, 0.06},
                                                Rgb{0.42, 0.22, 0.08},
                                                Rgb{0.92, 0.90, 0.84},
                                                Rgb{0.14, 0.16, 0.10}};
        stain_ = kStains[random.below(kStains.size())];
    }

    Rgb apply(Point p, double pixel, Rgb clean) const override {
        const Point q = pose_.to_local(p);
        const double ragged = 0.7 * (fractal_noise(seed_, q.x * 12.0, q.y * 12.0) - 0.5);
        const double distance = length({q.x / stretch_, q.y}) - radius_ * (1.0 + ragged);
        const double share = 1.0 - ramp(-0.5 * radius_, 0.0, distance);
        return share > 0.0 ? mix(clean, stain_, strength_ * share * coverage(scene_.part(p), pixel))
                           : clean;
    }

private:
    const Scene& scene_;
    Pose pose_;
    double radius_;
    double stretch_;
    double strength_;
    std::uint64_t seed_;
    Rgb stain_;
};

/// A piece broken off: at the outline of a large part, all or most of a small one.
class MissingPart : public Defect {
public:
    MissingPart(const Scene& scene, Difficulty difficulty, sweeps::RandomStream& random)
        : scene_(scene), center_(point_on_edge(scene, random)) {
        const double radius = lerp(0.11, 0.20, difficulty.size);
        const Point deepest = point_inside(scene, random, 12);
        const double part_radius = -scene.part(deepest);
        if (part_radius < radius) {  // a small single part, such as a stud
            center_ = deepest;
            radius_ = part_radius * lerp(1.0, 1.9, difficulty.size);
        } else {
            radius_ = radius;
        }
        seed_ = random.next();
    }

    Rgb apply(Point p, double pixel, Rgb clean) const override {
        const Point q = p - center_;
        const double ragged = 0.5 * (fractal_noise(seed_, q.x * 14.0, q.y * 14.0) - 0.5);
        const double share = coverage(length(q) - radius_ * (1.0 + ragged), pixel) *
                             coverage(scene_.part(p) - pixel, pixel);
        return share > 0.0 ? mix(clean, scene_.background(p), share) : clean;
    }

private:
    const Scene& scene_;
    Point center_;
    double radius_ = 0.0;
    std::uint64_t seed_ = 0;
};

/// A region of the wrong tint, with soft borders; structure is intact.
class Colour : public Defect {
public:
    Colour(const Scene& scene, Difficulty difficulty, sweeps::RandomStream& random)
        : scene_(scene),
          center_(point_inside(scene, random, 3)),
          radius_(lerp(0.20, 0.38, difficulty.size)),
          strength_(lerp(0.35, 1.0, difficulty.contrast)) {
        constexpr std::array<Rgb, 4> kTints = {Rgb{1.30, 0.78, 0.62},
                                               Rgb{0.66, 0.86, 1.32},
                                               Rgb{0.74, 1.20, 0.72},
                                               Rgb{1.22, 1.14, 0.55}};
        tint_ = kTints[random.below(kTints.size())];
    }

    Rgb apply(Point p, double pixel, Rgb clean) const override {
        const double share = strength_ * (1.0 - ramp(0.5 * radius_, radius_, length(p - center_))) *
                             coverage(scene_.part(p), pixel);
        const Rgb tinted = {clean.r * tint_.r, clean.g * tint_.g, clean.b * tint_.b};
        return share > 0.0 ? mix(clean, tinted, share) : clean;
    }

private:
    const Scene& scene_;
    Point center_;
    double radius_;
    double strength_;
    Rgb tint_;
};

/// A patch of ribbed material in about the colour of its surroundings.
class ForeignTexture : public Defect {
public:
    ForeignTexture(const Scene& scene, Difficulty difficulty, sweeps::RandomStream& random)
        : scene_(scene),
          pose_(random_patch(point_inside(scene, random, 4), random)),
          half_size_(lerp(0.10, 0.20, difficulty.size)),
          strength_(lerp(0.45, 0.95, difficulty.contrast)),
          period_(random.uniform(0.07, 0.11)),
          tone_(scene.color(pose_.center, 0.05)) {}

    Rgb apply(Point p, double pixel, Rgb clean) const override {
        const Point q = pose_.to_local(p);
        const double distance = std::max(std::abs(q.x) / 1.3, std::abs(q.y)) - half_size_;
        const double share =
            strength_ * coverage(distance, pixel) * coverage(scene_.part(p), pixel);
        const double rib = 0.9 + 0.4 * std::sin(kTwoPi * q.x / period_);
        return share > 0.0 ? mix(clean, tone_ * rib, share) : clean;
    }

private:
    const Scene& scene_;
    Pose pose_;
    double half_size_;
    double strength_;
    double period_;
    Rgb tone_;
};

}  // namespace

std::string defect_name(DefectKind kind) {
    switch (kind) {
        case DefectKind::Scratch:
            return "scratch";
        case DefectKind::Blob:
            return "blob";
        case DefectKind::MissingPart:
            return "missing_part";
        case DefectKind::Colour:
            return "colour";
        case DefectKind::ForeignTexture:
            return "foreign_texture";
    }
    throw std::invalid_argument("defect_name: unknown kind");
}

std::unique_ptr<Defect> make_defect(DefectKind kind,
                                    const Scene& scene,
                                    Difficulty difficulty,
                                    sweeps::RandomStream& random) {
    switch (kind) {
        case DefectKind::Scratch:
            return std::make_unique<Scratch>(scene, difficulty, random);
        case DefectKind::Blob:
            return std::make_unique<Blob>(scene, difficulty, random);
        case DefectKind::MissingPart:
            return std::make_unique<MissingPart>(scene, difficulty, random);
        case DefectKind::Colour:
            return std::make_unique<Colour>(scene, difficulty, random);
        case DefectKind::ForeignTexture:
            return std::make_unique<ForeignTexture>(scene, difficulty, random);
    }
    throw std::invalid_argument("make_defect: unknown kind");
}

}  // namespace harrow::storage
