#pragma once

#include <string>
#include <vector>

#include "worker/backbone.hpp"

namespace harrow::worker {

/// A fixed bank of filters in the manner of Leung and Malik ("Representing and Recognizing the
/// Visual Appearance of Materials using Three-dimensional Textons", IJCV 2001), with colour added;
/// needs no weights. D = 64 channels on a grid of 8 x 8 pixel patches:
///
///   0-35   3 scales (1, 2, 4 px) x |first|, |second| derivative of an elongated Gaussian x 6
///   angles
///  36-41   |Laplacian of Gaussian|, 3 scales x 2 widths
///  42-43   Laplacian of Gaussian with its sign, 2 scales
///  44-47   grey level through Gaussians of 1, 4 and 8 px; standard deviation inside the patch
///  48-63   opponent colours (red-green, yellow-blue), by scale and colour: |Laplacian| at 3
///  scales,
///          gradient magnitude at 2, Gaussians of 1, 4 and 8 px
///
/// Answers are averaged over the patch. The scales come from an image pyramid. Each filter is
/// divided by its expected answer to an image with correlation exp(-distance / 8 px), so values are
/// O(1).
class Filterbank : public Backbone {
public:
    /// embed_dim: 0 or 64, else sweeps::UsageError.
    Filterbank(int embed_dim, torch::Device device);

    std::int64_t channels() const override { return 64; }
    static constexpr int stride() { return 8; }  ///< pixels per patch
    /// Multiples of 8 from 32 up.
    FeatureGeometry geometry(int image_size) const override;
    std::string weights_digest() const override { return {}; }
    torch::Tensor extract(const torch::Tensor& images) override;

private:
    /// Filters of one pyramid level, [filters, 1, side, side]. What follows a filter is decided by
    /// its place: magnitudes first, then (colour only) the gradient pair, then answers with sign.
    struct Level {
        torch::Tensor grey;
        torch::Tensor colour;
        int conv_stride = 1;
        bool colour_gradient = false;
    };
    struct Answers {
        std::vector<torch::Tensor> oriented, blobs, signed_blobs, grey, colour;
    };

    torch::Tensor opponent_planes(const torch::Tensor& images) const;
    void apply(const Level& level, const torch::Tensor& planes, int patch, Answers& answers) const;

    torch::Device device_;
    std::vector<Level> levels_;
};

}  // namespace harrow::worker
