#include "worker/backbones/filterbank.hpp"

#include <cmath>

#include "sweeps/error.hpp"
#include "worker/backbones/kernels.hpp"

namespace harrow::worker {

namespace F = torch::nn::functional;

namespace {

constexpr int kLevels = 3;
constexpr int kAngles = 6;
constexpr int kOriented = 2 * kAngles;
constexpr int kBlobs = 2;
constexpr double kPi = 3.14159265358979323846;

// The reference image of expected_response: contrast of a plane in units of a pixel in [0,1].
constexpr double kCorrelationLength_px = 8.0;
constexpr double kGreyContrast = 0.2;
constexpr double kColourContrast = 0.07;
constexpr double kMeanGrey = 0.449;  // ImageNet's

/// Kernels of unit expected answer on a pyramid level, as a convolution's weight.
torch::Tensor bank(const std::vector<Kernel>& kernels,
                   int level,
                   double contrast,
                   torch::Device device) {
    const double correlation_length = kCorrelationLength_px / static_cast<double>(1 << level);
    const auto count = static_cast<std::int64_t>(kernels.size());
    torch::Tensor weight = torch::empty({count, 1, kKernelSide, kKernelSide}, torch::kFloat32);
    float* out = weight.data_ptr<float>();
    for (const Kernel& kernel : kernels) {
        const double scale = 1.0 / (contrast * expected_response(kernel, correlation_length));
        for (const double tap : kernel) {
            *out++ = static_cast<float>(tap * scale);
        }
    }
    return weight.to(device);
}

std::vector<Kernel> grey_kernels(int level) {
    std::vector<Kernel> kernels;
    for (const int order : {1, 2}) {
        for (int angle = 0; angle < kAngles; ++angle) {
            kernels.push_back(oriented_kernel(order, 1.0, 2.0, kPi * angle / kAngles));
        }
    }
    kernels.push_back(laplacian_kernel(1.0));
    kernels.push_back(laplacian_kernel(std::sqrt(2.0)));
    if (level > 0) {
        kernels.push_back(laplacian_kernel(std::sqrt(2.0)));  // kept with its sign
    }
    if (level == 0 || level == 2) {
        kernels.push_back(gaussian_kernel(1.0));
    }
    if (level == 2) {
        kernels.push_back(gaussian_kernel(2.0));
    }
    return kernels;
}

std::vector<Kernel> colour_kernels(int level) {
    std::vector<Kernel> kernels = {laplacian_kernel(std::sqrt(2.0))};
    if (level < 2) {
        kernels.push_back(oriented_kernel(1, 1.0, 1.0, 0.0));
        kernels.push_back(oriented_kernel(1, 1.0, 1.0, kPi / 2));
    }
    if (level == 0 || level == 2) {
        kernels.push_back(gaussian_kernel(1.0));
    }
    if (level == 2) {
        kernels.push_back(gaussian_kernel(2.0));
    }
    return kernels;
}

torch::Tensor reflect_padded(const torch::Tensor& planes, std::int64_t border) {
    return F::pad(planes,
                  F::PadFuncOptions({border, border, border, border}).mode(torch::kReflect));
}

torch::Tensor convolved(const torch::Tensor& planes, const torch::Tensor& weight, int stride) {
    return F::conv2d(
        reflect_padded(planes, kKernelRadius), weight, F::Conv2dFuncOptions().stride(stride));
}

/// Half the size, each new pixel centred on four old ones; binomial weights 1 3 3 1.
torch::Tensor halved(const torch::Tensor& planes) {
    const std::int64_t count = planes.size(1);
    const torch::Tensor row = torch::tensor({1.0F, 3.0F, 3.0F, 1.0F}).div(8.0F).to(planes.device());
    const torch::Tensor weight = torch::outer(row, row).expand({count, 1, 4, 4});
    const auto options = F::Conv2dFuncOptions().stride(2).groups(count);
    return F::conv2d(reflect_padded(planes, 1), weight, options);
}

}  // namespace

Filterbank::Filterbank(int embed_dim, torch::Device device) : device_(device) {
    if (embed_dim != 0 && embed_dim != channels()) {
        throw sweeps::UsageError("backbone.embed_dim is " + std::to_string(embed_dim) +
                                 ", but the backbone filterbank has 64 channels; leave it at 0");
    }
    for (int level = 0; level < kLevels; ++level) {
        Level filters;
        filters.grey = bank(grey_kernels(level), level, kGreyContrast, device);
        filters.colour = bank(colour_kernels(level), level, kColourContrast, device);
        filters.conv_stride = level == 0 ? 2 : 1;  // 16 samples a patch are enough, and 4x faster
        filters.colour_gradient = level < 2;
        levels_.push_back(filters);
    }
}

FeatureGeometry Filterbank::geometry(int image_size) const {
    if (image_size < 32 || image_size % stride() != 0) {
        throw sweeps::UsageError("data.image_size is " + std::to_string(image_size) +
                                 ", but the backbone filterbank takes multiples of 8 from 32 up");
    }
    return {image_size / stride(), image_size / stride(), channels()};
}

/// [B,3,S,S] -> [B,3,S,S]: grey about its mean, red-green, yellow-blue, of pixels in [0,1].
torch::Tensor Filterbank::opponent_planes(const torch::Tensor& images) const {
    const auto options = torch::TensorOptions().dtype(torch::kFloat32);
    const torch::Tensor mean =
        torch::tensor({0.485F, 0.456F, 0.406F}, options).to(device_).view({1, 3, 1, 1});
    const torch::Tensor deviation =
        torch::tensor({0.229F, 0.224F, 0.225F}, options).to(device_).view({1, 3, 1, 1});
    const std::vector<torch::Tensor> rgb = (images.to(device_) * deviation + mean).split(1, 1);
    const torch::Tensor& red = rgb[0];
    const torch::Tensor& green = rgb[1];
    const torch::Tensor& blue = rgb[2];
    const torch::Tensor grey = 0.299F * red + 0.587F * green + 0.114F * blue - kMeanGrey;
    return torch::cat({grey,
                       (red - green) / static_cast<float>(std::sqrt(2.0)),
                       (red + green - 2.0F * blue) / static_cast<float>(std::sqrt(6.0))},
                      1);
}

/// `patch`: side of a patch in pixels of this level.
void Filterbank::apply(const Level& level,
                       const torch::Tensor& planes,
                       int patch,
                       Answers& answers) const {
    const int pool = patch / level.conv_stride;
    const auto pooled = [pool](const torch::Tensor& maps) { return torch::avg_pool2d(maps, pool); };
    const torch::Tensor grey = convolved(planes.narrow(1, 0, 1), level.grey, level.conv_stride);
    answers.oriented.push_back(pooled(grey.narrow(1, 0, kOriented).abs()));
    answers.blobs.push_back(pooled(grey.narrow(1, kOriented, kBlobs).abs()));
    const std::int64_t rest = kOriented + kBlobs;
    const torch::Tensor with_sign = pooled(grey.narrow(1, rest, grey.size(1) - rest));
    const bool has_signed_blob = answers.oriented.size() > 1;
    answers.signed_blobs.push_back(with_sign.narrow(1, 0, has_signed_blob ? 1 : 0));
    answers.grey.push_back(with_sign.slice(1, has_signed_blob ? 1 : 0));

    for (const std::int64_t opponent : {1, 2}) {
        const torch::Tensor colour =
            convolved(planes.narrow(1, opponent, 1), level.colour, level.conv_stride);
        const torch::Tensor blobs = colour.narrow(1, 0, 1).abs();
        const torch::Tensor gradient = colour.slice(1, 1, level.colour_gradient ? 3 : 1);
        const torch::Tensor means = colour.slice(1, 1 + gradient.size(1));
        answers.colour.push_back(
            pooled(level.colour_gradient
                       ? torch::cat({blobs, gradient.square().sum(1, true).sqrt(), means}, 1)
                       : torch::cat({blobs, means}, 1)));
    }
}

torch::Tensor Filterbank::extract(const torch::Tensor& images) {
    const torch::NoGradGuard no_grad;
    geometry(static_cast<int>(images.size(2)));
    torch::Tensor planes = opponent_planes(images);
    Answers answers;
    int patch = stride();
    const torch::Tensor grey = planes.narrow(1, 0, 1);
    const torch::Tensor variance =
        torch::avg_pool2d(grey.square(), patch) - torch::avg_pool2d(grey, patch).square();
    for (const Level& level : levels_) {
        apply(level, planes, patch, answers);
        patch /= 2;
        if (&level != &levels_.back()) {
            planes = halved(planes);
        }
    }
    answers.grey.push_back(variance.clamp_min(0.0F).sqrt() / kGreyContrast);

    std::vector<torch::Tensor> channels;
    for (const auto* group : {&answers.oriented,
                              &answers.blobs,
                              &answers.signed_blobs,
                              &answers.grey,
                              &answers.colour}) {
        channels.insert(channels.end(), group->begin(), group->end());
    }
    return torch::cat(channels, 1).permute({0, 2, 3, 1}).contiguous();
}

}  // namespace harrow::worker
