#include "worker/backbones/torchscript.hpp"

#include <torch/script.h>

#include "sweeps/error.hpp"
#include "worker/backbones/aggregation.hpp"

namespace harrow::worker {

namespace {

/// Tensors of a value, in order; nothing for a value of another kind.
void collect(const c10::IValue& value, std::vector<torch::Tensor>& tensors) {
    if (value.isTensor()) {
        tensors.push_back(value.toTensor());
    } else if (value.isTuple()) {
        for (const c10::IValue& part : value.toTupleRef().elements()) {
            collect(part, tensors);
        }
    } else if (value.isList()) {
        for (const c10::IValue& part : value.toListRef()) {
            collect(part, tensors);
        }
    }
}

std::string text_of(const torch::Tensor& tensor) {
    std::string text = "[";
    for (const std::int64_t size : tensor.sizes()) {
        text += (text.size() > 1 ? "," : "") + std::to_string(size);
    }
    return text + "]";
}

/// Class tokens and registers come first and are few.
torch::Tensor map_of_tokens(const torch::Tensor& tokens) {
    constexpr std::int64_t kMostPrefixTokens = 16;
    for (std::int64_t prefix = 0; prefix <= kMostPrefixTokens && prefix < tokens.size(1);
         ++prefix) {
        const std::int64_t side = square_side(tokens.size(1) - prefix);
        if (side > 0) {
            return tokens.slice(1, prefix).transpose(1, 2).reshape(
                {tokens.size(0), tokens.size(2), side, side});
        }
    }
    return {};
}

}  // namespace

struct TorchScript::Program {
    torch::jit::Module module;
};

TorchScript::TorchScript(const sweeps::BackboneArchitecture& architecture,
                         const sweeps::BackboneConfig& config,
                         torch::Device device)
    : LoadedBackbone(architecture, config, device), program_(std::make_unique<Program>()) {
    try {
        // The profiling executor computes the first calls otherwise than the later ones.
        torch::jit::getExecutorMode() = false;
        program_->module = torch::jit::load(config.weights, device);
        program_->module.eval();
    } catch (const std::exception& error) {
        const std::string text = error.what();
        refuse("is no TorchScript program: " + text.substr(0, text.find('\n')));
    }
}

TorchScript::~TorchScript() = default;

void TorchScript::refuse(const std::string& why) const {
    throw sweeps::DataError("backbone file '" + config().weights + "' " + why);
}

std::vector<torch::Tensor> TorchScript::run(const torch::Tensor& images) {
    std::vector<torch::Tensor> outputs;
    try {
        collect(program_->module.forward({accepted(images)}), outputs);
    } catch (const std::exception& error) {
        const std::string text = error.what();
        refuse("failed on images " + text_of(images) + ": " + text.substr(0, text.find("\n\n")));
    }
    if (outputs.empty()) {
        refuse("returns no tensor; expected a map, tokens, or a tuple or list of them");
    }
    for (torch::Tensor& output : outputs) {
        const std::string found = text_of(output);
        if (output.dim() == 3) {
            output = map_of_tokens(output);
        }
        if (!output.defined() || output.dim() != 4 || output.size(0) != images.size(0)) {
            refuse("returns " + found + " for images " + text_of(images) +
                   "; expected a map [B,C,h,w] or tokens [B,N,C] of a square grid");
        }
    }
    return outputs;
}

torch::Tensor TorchScript::extract(const torch::Tensor& images) {
    const c10::InferenceMode guard;
    const std::vector<torch::Tensor> maps = run(images);
    const FeatureGeometry planned = geometry(static_cast<int>(images.size(2)));
    if (maps[0].size(2) != planned.height || maps[0].size(3) != planned.width) {
        refuse("returns a first map of " + std::to_string(maps[0].size(2)) + " x " +
               std::to_string(maps[0].size(3)) + " patches for images of " +
               std::to_string(images.size(2)) + " pixels, but backbone.stride " +
               std::to_string(config().stride) + " says " + std::to_string(planned.height) +
               "; set backbone.stride");
    }
    return aggregate_maps(maps, channels());
}

}  // namespace harrow::worker
