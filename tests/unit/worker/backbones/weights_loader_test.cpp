#include "worker/backbones/weights_loader.hpp"

#include <algorithm>

#include "storage/weights/architecture.hpp"
#include "storage/weights/safetensors.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/worker/backbones/backbone_files.hpp"
#include "worker/backbone.hpp"

namespace harrow::worker {
namespace {

class WeightsLoaderTest : public tests::BackboneFiles {
protected:
    /// What make_backbone says of the file; empty when it takes it.
    std::string refusal(const std::string& backbone, const std::string& weights) const {
        sweeps::BackboneConfig config;
        config.name = backbone;
        config.weights = weights;
        try {
            make_backbone(config, torch::kCPU);
        } catch (const sweeps::DataError& error) {
            return error.what();
        }
        return {};
    }
    std::string blank(const std::string& backbone) const {
        tests::write_blank_weights(file(backbone), known(backbone));
        return file(backbone);
    }
    /// resnet18 without some tensors and with others.
    std::string changed(const std::vector<std::string>& without,
                        const std::vector<storage::FloatTensor>& with) const {
        auto tensors = with;
        for (auto& tensor : tests::draw_weights(tests::plan_weights(known("resnet18")), 0)) {
            if (std::find(without.begin(), without.end(), tensor.name) == without.end()) {
                tensors.push_back(std::move(tensor));
            }
        }
        storage::write_safetensors(file("changed"), tensors);
        return file("changed");
    }
};

void expect_says(const std::string& message, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
        EXPECT_NE(message.find(part), std::string::npos) << part << " is not in: " << message;
    }
}

TEST_F(WeightsLoaderTest, OneErrorNamesEveryMissingTensorAndTheFile) {
    expect_says(
        refusal("resnet18", changed({"bn1.bias", "layer2.1.conv2.weight", "fc.weight"}, {})),
        {"changed", "resnet18", "bn1.bias", "layer2.1.conv2.weight"});
}

TEST_F(WeightsLoaderTest, ClassifiersAndCountersMayBeThereOrNot) {
    EXPECT_EQ(refusal("resnet18", changed({"fc.weight", "fc.bias"}, {})), "");
    EXPECT_EQ(refusal("resnet18", changed({}, {{"bn1.num_batches_tracked", {}, {3}}})), "");
}

TEST_F(WeightsLoaderTest, SaysWhichShapeDoesNotFit) {
    expect_says(refusal("resnet18", changed({"bn1.bias"}, {{"bn1.bias", {2}, {0, 0}}})),
                {"bn1.bias is [2], expected [64]"});
}

// Each lacks nothing that the other needs, or differs in shapes alone.
TEST_F(WeightsLoaderTest, RecognisesTheFileOfAnotherBackbone) {
    const std::pair<const char*, const char*> pairs[] = {
        {"resnet50", "resnet101"},
        {"resnet101", "resnet50"},
        {"resnet50", "wide_resnet50_2"},
        {"resnet34", "resnet18"},
        {"vit_small_patch16_224", "dinov2_vits14"},
        {"dinov2_vits14", "dinov2_vits14_reg"},
        {"dinov2_vits14_reg", "dinov2_vits14"},
        {"dinov2_vitb14", "vit_base_patch16_224"},
    };
    for (const auto& [wanted, given] : pairs) {
        const std::string message = refusal(wanted, blank(given));
        expect_says(message, {wanted, "seems to hold " + std::string(given)});
        EXPECT_EQ(message.substr(message.size() - std::string(given).size()), given);
        std::filesystem::remove(file(given));
    }
}

TEST_F(WeightsLoaderTest, PositionsOfAnotherImageSizeAreTaken) {
    EXPECT_EQ(refusal("vit_small_patch16_224", blank("vit_small_patch16_384")), "");
}

std::string seen_in(const std::filesystem::path& path) {
    return storage::guess_architecture(storage::SafetensorsFile::open(path).tensors()).backbone;
}

TEST_F(WeightsLoaderTest, RecognisesEveryBackbonesFile) {
    for (const sweeps::BackboneArchitecture& net : sweeps::backbone_architectures()) {
        if (net.family != sweeps::BackboneFamily::ResNet && !sweeps::is_transformer(net)) {
            continue;
        }
        EXPECT_EQ(seen_in(blank(net.name)), net.name);
        std::filesystem::remove(file(net.name));
    }
}

TEST_F(WeightsLoaderTest, AbsentFileIsNamed) {
    expect_says(refusal("resnet18", file("nowhere")), {"nowhere"});
}

}  // namespace
}  // namespace harrow::worker
