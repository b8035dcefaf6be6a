#include "cli/sweep_source.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

/// A sweep file in a folder of its own, with the working directory elsewhere.
class SweepSourceTest : public ::testing::Test {
protected:
    SweepSource load(const std::string& more, const std::vector<std::string>& overrides) {
        const std::filesystem::path file = directory_ / "s.yaml";
        storage::testing::spill(file, sweeps::kHead + more);
        sweeps::FakeCatalog catalog;
        return load_sweep_source(file.string(), overrides, catalog);
    }
    std::string here(const std::string& path) const {
        return (std::filesystem::current_path() / path).string();
    }
    storage::testing::TemporaryDirectory directory_;
};

TEST_F(SweepSourceTest, PathsOfTheFileStartAtTheFile) {
    const SweepSource source = load("backbone: {weights: w/a.safetensors}\n", {});
    EXPECT_EQ(source.sweep.cells.at(0).config.backbone.weights,
              (directory_ / "w/a.safetensors").string());
}

TEST_F(SweepSourceTest, PathsOfTheCommandLineStartAtTheWorkingDirectory) {
    const SweepSource source = load("", {"backbone.weights=w/./a.safetensors"});
    EXPECT_EQ(source.sweep.cells.at(0).config.backbone.weights, here("w/a.safetensors"));
    EXPECT_EQ(source.overrides,
              std::vector<std::string>{"backbone.weights=" + here("w/a.safetensors")})
        << "a run directory replays overrides from anywhere";
    EXPECT_EQ(load("", {"weights=a.safetensors"}).sweep.cells.at(0).config.backbone.weights,
              here("a.safetensors"))
        << "by its short name";
    EXPECT_EQ(load("", {"backbone.weights=/w/a"}).sweep.cells.at(0).config.backbone.weights,
              "/w/a");
}

TEST_F(SweepSourceTest, WithoutAFileTheFirstOverrideStandsInItsPlace) {
    const TypedSweep resumed = typed_sweep("train.lr=1e-3", {"seeds=1"});
    EXPECT_EQ(resumed.spec, "");
    EXPECT_EQ(resumed.overrides, (std::vector<std::string>{"train.lr=1e-3", "seeds=1"}));
    const std::string file = (directory_ / "lr=1e-3.yaml").string();
    storage::testing::spill(file, "");
    EXPECT_EQ(typed_sweep(file, {}).spec, file) << "a file may be called so";
    EXPECT_EQ(typed_sweep("none.yaml", {}).spec, "none.yaml") << "whose absence is then said";
}

}  // namespace
}  // namespace harrow::cli
