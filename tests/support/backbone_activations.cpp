// backbone_activations BACKBONE WEIGHTS SIZE LAYERS INPUT OUTPUT: runs images [B,3,SIZE,SIZE]
// (float32, raw) through a backbone and writes what its LAYERS (layer2,layer3 or 1,3,5,11) give,
// one after the other, as raw float32 in their own shapes. For comparisons with other programs.
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

#include "sweeps/error.hpp"
#include "worker/backbones/resnet.hpp"
#include "worker/backbones/vision_transformer.hpp"

namespace {

using namespace harrow;

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> items;
    std::istringstream stream(text);
    for (std::string item; std::getline(stream, item, ',');) {
        items.push_back(item);
    }
    return items;
}

torch::Tensor read_images(const std::string& path, std::int64_t size) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    const auto count = static_cast<std::int64_t>(bytes.size() / sizeof(float));
    return torch::from_blob(const_cast<char*>(bytes.data()), {count}, torch::kFloat32)
        .clone()
        .view({-1, 3, size, size});
}

std::vector<torch::Tensor> activations(const sweeps::BackboneArchitecture& known,
                                       const sweeps::BackboneConfig& config,
                                       const torch::Tensor& images) {
    return known.family == sweeps::BackboneFamily::ResNet
               ? worker::ResNet(known, config, torch::kCPU).activations(images)
               : worker::VisionTransformer(known, config, torch::kCPU).activations(images);
}

void run(char** argv) {
    sweeps::BackboneConfig config;
    config.name = argv[1];
    config.weights = argv[2];
    config.layers = config.blocks = split(argv[4]);
    const sweeps::BackboneArchitecture* known = sweeps::find_backbone(config.name);
    if (known == nullptr) {
        throw sweeps::UsageError("no backbone is called '" + config.name + "'");
    }
    if (known->family == sweeps::BackboneFamily::ResNet) {
        config.embed_dim = 1;  // nothing is aggregated here, and any layer has that many
    }
    std::ofstream output(argv[6], std::ios::binary);
    const torch::Tensor images = read_images(argv[5], std::stol(argv[3]));
    for (const torch::Tensor& map : activations(*known, config, images)) {
        const torch::Tensor values = map.contiguous();
        output.write(static_cast<const char*>(values.data_ptr()),
                     static_cast<std::streamsize>(values.nbytes()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::cerr << "usage: backbone_activations BACKBONE WEIGHTS SIZE LAYERS INPUT OUTPUT\n";
        return 2;
    }
    try {
        at::set_num_threads(1);
        run(argv);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "backbone_activations: " << error.what() << "\n";
        return 1;
    }
}
