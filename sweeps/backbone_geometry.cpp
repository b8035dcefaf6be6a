#include "sweeps/backbone_geometry.hpp"

#include "sweeps/error.hpp"

namespace harrow::sweeps {
namespace {

constexpr std::int64_t kFilterbankStride = 8;
constexpr std::int64_t kFilterbankChannels = 64;
constexpr std::int64_t kFloat16Bytes = 2;
constexpr std::int64_t kFloat32Bytes = 4;

}  // namespace

BackboneGeometry backbone_geometry(const TrialConfig& config) {
    if (config.backbone.name == "filterbank") {
        const std::int64_t side = config.data.image_size / kFilterbankStride;
        return {side, side, kFilterbankChannels};
    }
    throw UsageError("backbone.name: no backbone is called '" + config.backbone.name + "'");
}

std::int64_t feature_bytes(const TrialConfig& config, std::int64_t images) {
    const BackboneGeometry geometry = backbone_geometry(config);
    const std::int64_t value_bytes =
        config.backbone.feature_dtype == "float32" ? kFloat32Bytes : kFloat16Bytes;
    return images * geometry.height * geometry.width * geometry.channels * value_bytes;
}

}  // namespace harrow::sweeps
