// Images that are held out of training, and anomalies pasted into them.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/patch_scores.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/worker/pipeline_fixture.hpp"

namespace harrow::worker {
namespace {

constexpr std::size_t kHeldOut = 6;  // a fifth of kTrainImages

class ValidationTest : public PipelineTest {
protected:
    static sweeps::TrialConfig config(const std::string& synthetic = "none") {
        sweeps::TrialConfig config = tiny_config("moleflow");
        config.validation = {0.2, synthetic};
        return config;
    }

    /// Values after the last task, routed, of one class or "mean".
    static std::map<std::string, double> values(const coordinator::WorkResult& result,
                                                const std::string& class_name) {
        std::map<std::string, double> found;
        for (const sweeps::MetricRow& row : result.trials.at(0).rows) {
            if (row.after_task == kNumTasks - 1 && row.class_name == class_name &&
                row.routing == "routed") {
                found[row.metric] = row.value;
            }
        }
        return found;
    }

    /// Its picture becomes that of another image of the class.
    void repaint(const std::string& relative_path) const {
        const storage::DatasetClass entry = listing().classes.at(0);
        fs::copy_file(data() / entry.test.back().relative_path,
                      data() / relative_path,
                      fs::copy_options::overwrite_existing);
    }
};

TEST_F(ValidationTest, ImagesHeldOutAreScoredAndNothingElseChangesItsRows) {
    const auto work = training_work("held", config());
    const auto result = train(work);
    EXPECT_EQ(result.images_extracted, kNumTasks * (kTrainImages + kTestImages))
        << "their features are rows of the training features";
    const storage::PatchScores scores = scores_of(work);
    ASSERT_EQ(scores.validation.size(), scores.classes.size());
    const storage::DatasetClass entry = listing().classes.at(0);
    std::set<std::string> train_paths;
    for (const storage::ImageEntry& image : entry.train) {
        train_paths.insert(image.relative_path);
    }
    const storage::ClassScores& held_out = scores.validation.at(0);
    EXPECT_EQ(held_out.class_name, entry.name);
    ASSERT_EQ(held_out.image_paths.size(), kHeldOut);
    for (const std::string& path : held_out.image_paths) {
        EXPECT_EQ(train_paths.count(path), 1U) << path;
    }
    const auto of_class = values(result, entry.name);
    EXPECT_LT(of_class.at("val_normal.mean_score"), of_class.at("val_normal.p95_score"));
    EXPECT_EQ(of_class.count("val_synth.image_auroc"), 0U);
    EXPECT_EQ(values(result, "mean").count("val_normal.p95_score"), 1U);
    EXPECT_TRUE(result.trials.at(0).notes.empty()) << result.trials.at(0).notes.at(0);

    const auto without = train(training_work("all", tiny_config("moleflow")));
    for (const auto& [metric, value] : values(without, entry.name)) {
        EXPECT_NE(metric.compare(0, 4, "val_"), 0) << metric;
        EXPECT_EQ(of_class.count(metric), 1U) << metric;
    }
}

TEST_F(ValidationTest, WhatIsHeldOutIsNotTrainedOn) {
    const auto before = training_work("before", config());
    train(before);
    const std::vector<std::string> held_out = scores_of(before).validation.at(0).image_paths;
    repaint(held_out.at(0));
    const auto other_held_out = training_work("other-held-out", config());
    ASSERT_NE(other_held_out.tasks[0].classes[0].feature_keys.at("train"),
              before.tasks[0].classes[0].feature_keys.at("train"));
    train(other_held_out);
    const storage::PatchScores first = scores_of(before), second = scores_of(other_held_out);
    EXPECT_EQ(second.validation.at(0).image_paths, held_out);
    EXPECT_NE(second.validation.at(0).maps, first.validation.at(0).maps);
    for (std::size_t c = 0; c < first.classes.size(); ++c) {
        EXPECT_EQ(second.classes[c].maps, first.classes[c].maps) << "the model is the same";
        EXPECT_EQ(second.classes[c].distances, first.classes[c].distances)
            << "and so is the router";
    }

    const storage::DatasetClass first_class = listing().classes.at(0);
    for (const storage::ImageEntry& image : first_class.train) {
        if (std::count(held_out.begin(), held_out.end(), image.relative_path) == 0) {
            repaint(image.relative_path);
            break;
        }
    }
    const auto other_trained = training_work("other-trained", config());
    train(other_trained);
    EXPECT_NE(scores_of(other_trained).classes[0].maps, first.classes[0].maps);
}

TEST_F(ValidationTest, PastedAnomaliesAreScoredAgainstTheirNormals) {
    const auto work = training_work("pasted", config("cutpaste"));
    const auto result = train(work);
    EXPECT_EQ(result.images_extracted,
              kNumTasks * (kTrainImages + kTestImages + static_cast<int>(kHeldOut)));
    const storage::ClassScores held_out = scores_of(work).validation.at(0);
    ASSERT_EQ(held_out.image_paths.size(), 2 * kHeldOut);
    EXPECT_TRUE(std::equal(held_out.image_paths.begin(),
                           held_out.image_paths.begin() + kHeldOut,
                           held_out.image_paths.begin() + kHeldOut));
    const auto of_mean = values(result, "mean");
    for (const char* metric : {"val_synth.image_auroc", "val_synth.pixel_ap", "val_synth.aupro"}) {
        ASSERT_EQ(of_mean.count(metric), 1U) << metric;
        EXPECT_GT(of_mean.at(metric), 0) << metric;
        EXPECT_LE(of_mean.at(metric), 1) << metric;
    }
    // Stored patch scores give the same rows, also where the features are gone.
    fs::remove_all(cache());
    auto again = work;
    again.train = false;
    EXPECT_EQ(values(train(again), "mean"), of_mean);
}

TEST_F(ValidationTest, PastedImagesAreExtractedUnderAKeyOfTheirOwn) {
    const coordinator::ExtractionWork work =
        extraction(class_names_[0], sweeps::kSyntheticSplit, config("cutpaste"));
    UnitRunner fresh = runner();
    EXPECT_EQ(fresh.extract(work, silent_).images_extracted, static_cast<int>(kHeldOut));
    const auto file = storage::FeatureCache(cache()).open(work.feature_key);
    coordinator::ExtractionWork plain = extraction(class_names_[0], "train", config());
    fresh.extract(plain, silent_);
    const auto normal = storage::FeatureCache(cache()).open(plain.feature_key);
    // The first image held out, as it is and with an anomaly.
    const storage::FeatureSource& image = file.info().images.at(0);
    const auto& all = normal.info().images;
    const auto place = std::find_if(all.begin(), all.end(), [&](const auto& source) {
        return source.relative_path == image.relative_path;
    });
    ASSERT_NE(place, all.end());
    std::vector<float> with(static_cast<std::size_t>(file.info().shape.values_per_image()));
    std::vector<float> without = with;
    file.read_float(0, 1, with.data());
    normal.read_float(place - all.begin(), 1, without.data());
    EXPECT_NE(with, without);

    coordinator::ExtractionWork other = work;
    other.recipe = "validation.holdout=0.3\nvalidation.synthetic=cutpaste\n";  // not the key's
    fs::remove_all(cache());
    EXPECT_THROW(fresh.extract(other, silent_), sweeps::DataError);
}

TEST_F(ValidationTest, AStopAndAResumeChangeNothing) {
    class StopAfter : public WorkMonitor {
    public:
        explicit StopAfter(int questions) : left_(questions) {}
        bool stop_requested() override { return --left_ < 0; }

    private:
        int left_;
    };
    const auto whole = training_work("whole", config("cutpaste"));
    train(whole);
    auto parts = training_work("parts", config("cutpaste"));
    for (int stops = 0; stops < 3; ++stops) {
        StopAfter stopping(13 + 7 * stops);
        UnitRunner fresh = runner();
        EXPECT_THROW(fresh.train(parts, stopping), WorkStopped);
    }
    train(parts);
    const storage::PatchScores one = scores_of(whole), other = scores_of(parts);
    ASSERT_EQ(one.validation.size(), other.validation.size());
    for (std::size_t c = 0; c < one.validation.size(); ++c) {
        EXPECT_EQ(one.validation[c].maps, other.validation[c].maps);
        EXPECT_EQ(one.classes[c].maps, other.classes[c].maps);
    }
}

}  // namespace
}  // namespace harrow::worker
