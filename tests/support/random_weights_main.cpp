// random_weights BACKBONE FILE [SEED]: a safetensors file of random weights for a backbone, with
// the tensor names of torchvision and timm. For benchmarks and tests.
#include <exception>
#include <iostream>
#include <string>

#include "tests/support/random_weights.hpp"

int main(int argc, char** argv) {
    if (argc < 3 || argc > 4) {
        std::cerr << "usage: random_weights BACKBONE FILE [SEED]\n";
        return 2;
    }
    try {
        const auto* backbone = harrow::sweeps::find_backbone(argv[1]);
        if (backbone == nullptr) {
            std::cerr << "random_weights: no backbone is called '" << argv[1] << "'\n";
            return 2;
        }
        const std::uint64_t seed = argc > 3 ? std::stoull(argv[3]) : 0;
        harrow::tests::write_random_weights(argv[2], *backbone, seed);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "random_weights: " << error.what() << "\n";
        return 1;
    }
}
