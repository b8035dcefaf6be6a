#include "cli/disk_catalog.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "storage/datasets/synth.hpp"
#include "storage/weights/safetensors_writer.hpp"
#include "storage/weights/weights_digest.hpp"
#include "sweeps/error.hpp"
#include "sweeps/sweep.hpp"
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
    const std::vector<std::string> problems =
        catalog_.describe("mvtec", root.string(), {}).problems;
    ASSERT_EQ(problems.size(), 1U) << ::testing::PrintToString(problems);
    EXPECT_TRUE(contains(problems[0], image.string()));
}

TEST_F(DiskCatalogTest, ValidationImagesHaveFactsOfTheirOwn) {
    const std::filesystem::path root = directory_ / "data";
    storage::write_synthetic_dataset(root, {1, 32, 3, "mvtec_ad2"});
    const sweeps::ClassFacts with = catalog_.describe("mvtec_ad2", root.string(), {}).classes[0];
    EXPECT_EQ(with.validation.images, 6);
    EXPECT_NE(with.validation.images_digest, with.train.images_digest);
    std::filesystem::remove_all(root / "fruit_jelly/fruit_jelly/validation");
    DiskCatalog later(directory_.path() / "cache");
    const sweeps::ClassFacts without = later.describe("mvtec_ad2", root.string(), {}).classes[0];
    EXPECT_EQ(without.validation.images, 0);
    EXPECT_EQ(without.validation.images_digest, "");
    EXPECT_EQ(without.train.images_digest, with.train.images_digest);
    EXPECT_EQ(without.test.images_digest, with.test.images_digest);
    EXPECT_EQ(without.labels_digest, with.labels_digest);
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

TEST_F(DiskCatalogTest, NetworksThatServeNoBackboneAreRefused) {
    storage::write_safetensors(file("other.safetensors"), {{"module.conv1.weight", {1}, {1}}});
    EXPECT_TRUE(contains(problem("resnet18", file("other.safetensors")),
                         "holds no network that Harrow knows, but backbone.name is resnet18: "
                         "tensors called conv1.weight"));
    EXPECT_TRUE(contains(problem("vit_base_patch16_224", file("other.safetensors")),
                         "patch_embed.proj.weight"));
    std::vector<storage::FloatTensor> deeper = resnet18(1);
    deeper.push_back({"layer4.2.conv1.weight", {1}, {1}});
    storage::write_safetensors(file("deeper.safetensors"), deeper);
    EXPECT_TRUE(contains(problem("resnet18", file("deeper.safetensors")),
                         "holds another network (ResNet, torchvision and timm names, blocks "
                         "2-2-2-3, width 64), but backbone.name is resnet18"));
}

TEST_F(DiskCatalogTest, ABackboneAndNotAFileNameAsksForTorchScript) {
    for (const char* name : {"m.torchscript", "m.safetensors"}) {
        spill(file(name), std::string("PK\x03\x04", 4) + "program");
        const sweeps::WeightsFacts& facts = catalog_.weights("torchscript", file(name));
        EXPECT_TRUE(facts.problems.empty()) << name;
        EXPECT_EQ(facts.digest.size(), 64U);
        EXPECT_TRUE(contains(problem("resnet18", file(name)), "backbone.name: torchscript"));
    }
    storage::write_safetensors(file("w.pt"), resnet18(1));
    EXPECT_TRUE(catalog_.weights("resnet18", file("w.pt")).problems.empty());
    EXPECT_TRUE(contains(problem("torchscript", file("w.pt")), "is no TorchScript program"));
    EXPECT_TRUE(contains(problem("torchscript", file("none.pt")), "torch.jit.save"));
}

TEST_F(DiskCatalogTest, AFileThatCannotBeReachedIsNotCalledMissing) {
    namespace fs = std::filesystem;
    fs::create_symlink("loop", file("loop"));
    fs::create_symlink("gone", file("dangling"));
    for (const auto& [name, reason] :
         {std::make_pair("loop", "Too many levels of symbolic links"),
          std::make_pair("dangling", "is a symbolic link to gone, which does not exist")}) {
        const std::string text = problem("resnet18", file(name));
        EXPECT_TRUE(contains(text, reason)) << text;
        EXPECT_FALSE(contains(text, "download")) << text;
    }
}

/// Two classes; every image of the second is damaged.
class DiskCatalogDataTest : public DiskCatalogTest {
protected:
    DiskCatalogDataTest() {
        storage::write_synthetic_dataset(root_, {2, 32, 3, "mvtec"});
        for (const std::filesystem::directory_entry& entry :
             std::filesystem::directory_iterator(root_)) {
            names_.push_back(entry.path().filename().string());
        }
        std::sort(names_.begin(), names_.end());
        for (const std::filesystem::directory_entry& entry :
             std::filesystem::directory_iterator(root_ / names_.at(1) / "train" / "good")) {
            spill(entry.path(), "no picture");
        }
    }
    std::vector<std::string> problems_of(const std::string& rest) {
        try {
            sweeps::parse_sweep("name: a\nseeds: [0]\ndata.root: " + root_.string() +
                                    "\ntrain.batch_size: 1\n" + rest,
                                "s.yaml",
                                "/",
                                {},
                                catalog_);
        } catch (const sweeps::UsageError& error) {
            std::vector<std::string> keys;
            for (const sweeps::Problem& problem : error.problems()) {
                keys.push_back(problem.key + ": " + problem.message);
            }
            return keys;
        }
        return {};
    }
    std::string sound() const { return names_.at(0); }
    std::string damaged() const { return names_.at(1); }

    std::filesystem::path root_ = directory_.path() / "data";
    std::vector<std::string> names_;
};

TEST_F(DiskCatalogDataTest, OnlyClassesThatAreAskedForMustBeSound) {
    EXPECT_EQ(problems_of("data.classes: [" + sound() + "]\n"), std::vector<std::string>());
    EXPECT_FALSE(problems_of("data.classes: all\n").empty());
    EXPECT_FALSE(problems_of("data.classes: [" + damaged() + "]\n").empty());
    const std::string other =
        "  - grid: {data.classes: [[" + sound() + "], [" + damaged() + "]]}\n";
    const std::vector<std::string> both = problems_of("space:\n" + other);
    ASSERT_FALSE(both.empty());
    EXPECT_TRUE(contains(both[0], damaged()));
    const std::vector<std::string> unknown = problems_of("data.classes: [" + damaged() + "x]\n");
    ASSERT_EQ(unknown.size(), 1U);
    EXPECT_TRUE(contains(unknown[0], "did you mean " + damaged()));
}

TEST_F(DiskCatalogDataTest, AClassHasTheSameFactsInEveryAnswer) {
    const std::string root = root_.string();
    const sweeps::DatasetFacts one = catalog_.describe("mvtec", root, {sound()});
    ASSERT_EQ(one.classes.size(), 1U);
    EXPECT_TRUE(one.other_classes.empty());
    spill(root_ / sound() / "train" / "good" / "000.png", "changed");
    const sweeps::DatasetFacts all = catalog_.describe("mvtec", root, {});
    ASSERT_EQ(all.classes.size(), 2U);
    EXPECT_EQ(all.classes[0].train.images_digest, one.classes[0].train.images_digest);
    EXPECT_EQ(catalog_.describe("mvtec", root, {"none"}).other_classes, names_);
}

}  // namespace
}  // namespace harrow::cli
