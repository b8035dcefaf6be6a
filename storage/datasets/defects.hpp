#pragma once

#include <memory>
#include <string>

#include "storage/datasets/scene.hpp"

namespace harrow::storage {

enum class DefectKind { Scratch, Blob, MissingPart, Colour, ForeignTexture };

/// Folder name in the data set: "missing_part".
std::string defect_name(DefectKind kind);

/// How easy the defect is to see, each in [0, 1].
struct Difficulty {
    double contrast = 0.5;
    double size = 0.5;
};

class Defect {
public:
    Defect() = default;
    Defect(const Defect&) = delete;
    Defect& operator=(const Defect&) = delete;
    virtual ~Defect() = default;

    /// Colour of the damaged part where the intact one has `clean`; equal outside the damage.
    virtual Rgb apply(Point p, double pixel, Rgb clean) const = 0;
};

/// Places a defect on the inspected part. The scene must outlive it.
std::unique_ptr<Defect> make_defect(DefectKind kind,
                                    const Scene& scene,
                                    Difficulty difficulty,
                                    sweeps::RandomStream& random);

}  // namespace harrow::storage
