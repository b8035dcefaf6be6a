#include "cli/disk_catalog.hpp"

#include <gtest/gtest.h>

#include "storage/datasets/synth.hpp"
#include "storage/weights/safetensors_writer.hpp"
#include "storage/weights/weights_digest.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

using storage::testing::contains;
using storage::testing::spill;
using storage::testing::TemporaryDirectory;

/// As few values as make a file look like this ResNet-18.
std::vector<storage::FloatTensor> resnet18(float value) {
    std::vector<storage::FloatTensor> tensors = {
        {"conv1.weight", {64, 3, 7, 7}, std::vector<float>(64 * 3 * 7 * 7, value)}};
    for (int layer = 1; layer <= 4; ++layer) {
        for (int block = 0; block < 2; ++block) {
            const std::string name =
                "layer" + std::to_string(layer) + "." + std::to_string(block) + ".conv";
            tensors.push_back({name + "1.weight", {64, 1, 1, 1}, std::vector<float>(64, value)});
            tensors.push_back(
                {name + "2.weight", {64, 64, 1, 1}, std::vector<float>(64 * 64, value)});
        }
    }
    return tensors;
}

class DiskCatalogTest : public ::testing::Test {
protected:
    std::string file(const std::string& name) const { return (directory_ / name).string(); }
    /// What is wrong with a file; one text.
    std::string problem(const std::string& backbone, const std::string& path) {
        const std::vector<std::string> problems = catalog_.weights(backbone, path).problems;
        EXPECT_EQ(problems.size(), 1U);
        return problems.empty() ? "" : problems[0];
    }
    TemporaryDirectory directory_;
    DiskCatalog catalog_{directory_.path() / "cache"};
};

TEST_F(DiskCatalogTest, AnUnreadableImageIsToldOnce) {
    storage::SynthOptions options;
    options.classes = 1;
    options.size = 32;
    const std::filesystem::path root = directory_ / "data";
    storage::write_synthetic_dataset(root, options);
    std::filesystem::path image;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (entry.path().parent_path().parent_path().filename() == "train") {
            image = entry.path();
        }
    }
    ASSERT_FALSE(image.empty());
    std::filesystem::remove(image);
    std::filesystem::create_symlink("/nowhere", image);
    const std::vector<std::string> problems = catalog_.describe("mvtec", root.string()).problems;
    ASSERT_EQ(problems.size(), 1U) << ::testing::PrintToString(problems);
    EXPECT_TRUE(contains(problems[0], image.string()));
}

TEST_F(DiskCatalogTest, AWeightsFileHasItsDigest) {
    storage::write_safetensors(file("a.safetensors"), resnet18(1));
    const sweeps::WeightsFacts facts = catalog_.weights("resnet18", file("a.safetensors"));
    EXPECT_TRUE(facts.problems.empty());
    EXPECT_EQ(facts.digest, storage::weights_digest(file("a.safetensors")));
    EXPECT_EQ(facts.public_name, "");
    std::filesystem::copy_file(file("a.safetensors"), file("copy.safetensors"));
    EXPECT_EQ(catalog_.weights("resnet18", file("copy.safetensors")).digest, facts.digest);
    storage::write_safetensors(file("b.safetensors"), resnet18(2));
    EXPECT_NE(catalog_.weights("resnet18", file("b.safetensors")).digest, facts.digest);
}

TEST_F(DiskCatalogTest, AWeightsFileIsReadOncePerProcess) {
    storage::write_safetensors(file("a.safetensors"), resnet18(1));
    const std::string before = catalog_.weights("resnet18", file("a.safetensors")).digest;
    storage::write_safetensors(file("a.safetensors"), resnet18(2));
    EXPECT_EQ(catalog_.weights("resnet18", file("a.safetensors")).digest, before);
    EXPECT_EQ(catalog_.weights("other", file("./a.safetensors")).digest, before);
    EXPECT_NE(
        DiskCatalog(directory_.path() / "cache").weights("resnet18", file("a.safetensors")).digest,
        before);
}

TEST_F(DiskCatalogTest, AMissingFileSaysWhatToGet) {
    const std::string text = problem("wide_resnet50_2", file("none.safetensors"));
    EXPECT_TRUE(contains(text, "does not exist"));
    EXPECT_TRUE(contains(text, "https://huggingface.co/timm/wide_resnet50_2.racm_in1k"));
    EXPECT_TRUE(contains(text, "backbone.weights"));
}

TEST_F(DiskCatalogTest, FilesThatFitNotAreRefused) {
    spill(file("junk.safetensors"), "junk junk junk");
    EXPECT_TRUE(contains(problem("resnet18", file("junk.safetensors")), "safetensors"));
    EXPECT_TRUE(contains(problem("resnet18", directory_.path().string()), "is a folder"));
    storage::write_safetensors(file("a.safetensors"), resnet18(1));
    EXPECT_TRUE(contains(problem("resnet50", file("a.safetensors")),
                         "holds resnet18, but backbone.name is resnet50"));
    EXPECT_TRUE(catalog_.weights("resnet18", file("a.safetensors")).problems.empty());
}

TEST_F(DiskCatalogTest, TorchScriptIsDigestedUnread) {
    spill(file("m.torchscript"), std::string("PK\x03\x04", 4) + "program");
    const sweeps::WeightsFacts& facts = catalog_.weights("resnet18", file("m.torchscript"));
    EXPECT_TRUE(facts.problems.empty());
    EXPECT_EQ(facts.digest.size(), 64U);
}

}  // namespace
}  // namespace harrow::cli
