#include "storage/datasets/anomaly_images.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "storage/datasets/held_out.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/anomalies.hpp"

namespace harrow::storage {
std::vector<ImageEntry> anomaly_normals(const std::string& layout,
                                        const std::vector<ImageEntry>& train,
                                        const sweeps::TrialConfig& config) {
    const std::vector<std::int64_t> held_out =
        held_out_images(layout, train, config.validation.holdout);
    const auto trained = static_cast<std::int64_t>(train.size() - held_out.size());
    const auto wanted =
        static_cast<std::size_t>(sweeps::anomaly_rows(config.synthetic, trained).normals);
    std::vector<ImageEntry> normals;
    for (std::size_t i = 0; i < train.size() && normals.size() < wanted; ++i) {
        if (!std::binary_search(held_out.begin(), held_out.end(), static_cast<std::int64_t>(i))) {
            normals.push_back(train[i]);
        }
    }
    return normals;
}

Image anomaly_square(const Image& picture, const sweeps::TrialConfig& config) {
    const int side = sweeps::load_side(config.data);
    const Resize resize = resize_named(config.data.resize);
    if (config.synthetic.train_pixels == "wrapped_compat") {
        return wrapped_bytes(preprocess_image(picture, {side, kImageNet, resize}), side);
    }
    return in_color(square_image(picture, side, resize));
}

Image make_anomaly(const DrawnAnomaly& drawn,
                   const sweeps::SyntheticConfig& config,
                   const Image& base,
                   const Image& source) {
    Image result = resize_bilinear(base, drawn.side, drawn.side);
    if (drawn.stage == "contextual") {
        apply_anomaly(drawn, config, result, resize_bilinear(source, drawn.side, drawn.side));
    } else {
        apply_anomaly(drawn, config, result, result);
    }
    return result;
}

}  // namespace harrow::storage
