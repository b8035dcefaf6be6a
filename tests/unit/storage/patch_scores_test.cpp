#include "storage/patch_scores.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "storage/file_seal.hpp"
#include "storage/hdf5.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

/// Two classes of 3 and 2 images with 2 x 4 patches over two tasks.
PatchScores example() {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    PatchScores scores;
    scores.training_key = "00112233445566778899aabbccddeeff";
    scores.num_tasks = 2;
    scores.has_router = true;
    ClassScores first;
    first.class_name = "grain";
    first.images = 3;
    first.height = 2;
    first.width = 4;
    for (int i = 0; i < 3 * 8; ++i) {
        first.maps.push_back(static_cast<float>(i) / 7.0F);
    }
    first.routed_map = {0, 1, 2, 0, 1, 2};
    first.oracle_map = first.routed_map;
    first.routed_task = {0, 0, 0, 0, 1, 0};
    first.distances = {0.5, nan, 1.5, 2.5, 3.5, 4.5};
    first.image_paths = {"grain/test/good/0.png", "grain/test/good/1.png", "g.png"};
    first.image_digests = {"d0", "d1", "d2"};
    ClassScores second = first;
    second.class_name = "dots";
    second.task = 1;
    second.images = 2;
    second.routed_map = {-1, -1, 0, 1};
    second.oracle_map = {-1, -1, 2, 1};
    second.routed_task = {-1, -1, 1, 0};
    second.distances.resize(4);
    second.image_paths.resize(2);
    second.image_digests.resize(2);
    scores.classes = {first, second};
    return scores;
}

TEST(PatchScoresTest, RoundTripIsExact) {
    const TemporaryDirectory directory;
    PatchScores written = example();
    written.classes[0].maps[5] = std::numeric_limits<float>::denorm_min();
    written.classes[0].maps[6] = std::numeric_limits<float>::quiet_NaN();
    save_patch_scores(directory / "scores.h5", written);
    const PatchScores read = load_patch_scores(directory / "scores.h5");
    EXPECT_EQ(read.training_key, written.training_key);
    EXPECT_EQ(read.num_tasks, 2);
    EXPECT_TRUE(read.has_router);
    ASSERT_EQ(read.classes.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        const ClassScores& a = written.classes[i];
        const ClassScores& b = read.classes[i];
        EXPECT_EQ(b.class_name, a.class_name);
        EXPECT_EQ(b.task, a.task);
        EXPECT_EQ(b.num_maps(), 3);
        ASSERT_EQ(b.maps.size(), a.maps.size());
        EXPECT_EQ(std::memcmp(b.maps.data(), a.maps.data(), a.maps.size() * sizeof(float)), 0);
        EXPECT_EQ(b.routed_map, a.routed_map);
        EXPECT_EQ(b.oracle_map, a.oracle_map);
        EXPECT_EQ(b.routed_task, a.routed_task);
        EXPECT_EQ(b.image_paths, a.image_paths);
        EXPECT_EQ(b.image_digests, a.image_digests);
        ASSERT_EQ(b.distances.size(), a.distances.size());
        EXPECT_TRUE(std::isnan(b.distances[1]));
        EXPECT_EQ(b.distances[2], a.distances[2]);
    }
    EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(PatchScoresTest, ImagesHeldOutComeBackToo) {
    const TemporaryDirectory directory;
    PatchScores written = example();
    written.validation = written.classes;
    written.validation[1].maps[3] = 7;
    save_patch_scores(directory / "scores.h5", written);
    const PatchScores read = load_patch_scores(directory / "scores.h5");
    ASSERT_EQ(read.validation.size(), 2U);
    EXPECT_EQ(read.validation[1].class_name, "dots");
    EXPECT_EQ(read.validation[1].maps, written.validation[1].maps);
    EXPECT_NE(read.validation[1].maps, read.classes[1].maps);

    written.validation.pop_back();
    EXPECT_THROW(save_patch_scores(directory / "some.h5", written), StorageError);
    save_patch_scores(directory / "none.h5", example());
    EXPECT_TRUE(load_patch_scores(directory / "none.h5").validation.empty());
}

/// The example as a method gives it that scores images, with maps or without.
PatchScores image_example(bool with_maps) {
    PatchScores scores = example();
    for (ClassScores& one : scores.classes) {
        one.image_scores = {0.1, -2.5, 1e300};
        if (!with_maps) {
            one.maps.clear();
            one.height = one.width = 0;
        }
    }
    scores.validation = scores.validation_split = scores.classes;
    scores.validation_split[1].image_scores[2] = std::numeric_limits<double>::denorm_min();
    return scores;
}

TEST(PatchScoresTest, ScoresOfImagesComeBackWithAndWithoutMaps) {
    const TemporaryDirectory directory;
    for (const bool with_maps : {true, false}) {
        const PatchScores written = image_example(with_maps);
        save_patch_scores(directory / "scores.h5", written);
        const PatchScores read = load_patch_scores(directory / "scores.h5");
        ASSERT_EQ(read.classes.size(), 2U);
        ASSERT_EQ(read.validation.size(), 2U);
        ASSERT_EQ(read.validation_split.size(), 2U);
        for (std::size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(read.classes[i].image_scores, written.classes[i].image_scores);
            EXPECT_EQ(read.classes[i].maps, written.classes[i].maps);
            EXPECT_EQ(read.classes[i].height, with_maps ? 2 : 0);
            EXPECT_EQ(read.classes[i].num_maps(), 3);
            EXPECT_EQ(read.classes[i].oracle_map, written.classes[i].oracle_map);
            EXPECT_EQ(read.validation[i].image_scores, written.validation[i].image_scores);
            EXPECT_EQ(read.validation_split[i].image_scores,
                      written.validation_split[i].image_scores);
        }
    }
}

TEST(PatchScoresTest, TheSplitValidationComesBackBesideMaps) {
    const TemporaryDirectory directory;
    PatchScores written = example();
    written.validation_split = written.classes;
    written.validation_split[0].maps[2] = 9;
    save_patch_scores(directory / "scores.h5", written);
    const PatchScores read = load_patch_scores(directory / "scores.h5");
    EXPECT_TRUE(read.validation.empty());
    ASSERT_EQ(read.validation_split.size(), 2U);
    EXPECT_EQ(read.validation_split[0].maps, written.validation_split[0].maps);

    std::swap(written.validation_split[0], written.validation_split[1]);
    EXPECT_THROW(save_patch_scores(directory / "some.h5", written), StorageError);
}

TEST(PatchScoresTest, EqualScoresGiveEqualFiles) {
    const TemporaryDirectory directory;
    save_patch_scores(directory / "a.h5", example());
    save_patch_scores(directory / "b.h5", example());
    EXPECT_EQ(slurp(directory / "a.h5"), slurp(directory / "b.h5"));
}

TEST(PatchScoresTest, EveryAlteredByteIsRefused) {
    const TemporaryDirectory directory;
    save_patch_scores(directory / "scores.h5", example());
    const std::string bytes = slurp(directory / "scores.h5");
    for (std::size_t i = 0; i < bytes.size(); i += 41) {
        std::string altered = bytes;
        altered[i] = static_cast<char>(altered[i] ^ 0x10);
        spill(directory / "bad.h5", altered);
        ASSERT_THROW(load_patch_scores(directory / "bad.h5"), StorageError) << i;
    }
}

TEST(PatchScoresTest, EveryTruncationIsRefusedAndTheCureNamed) {
    const TemporaryDirectory directory;
    save_patch_scores(directory / "scores.h5", image_example(false));
    const std::string bytes = slurp(directory / "scores.h5");
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, bytes.size() / 2, bytes.size() - 1}) {
        spill(directory / "bad.h5", bytes.substr(0, length));
        const std::string message =
            message_of<StorageError>([&] { load_patch_scores(directory / "bad.h5"); });
        EXPECT_TRUE(contains(message, "bad.h5"));
        EXPECT_TRUE(contains(message, "run the sweep again"));
    }
    EXPECT_THROW(load_patch_scores(directory / "missing.h5"), StorageError);
}

TEST(PatchScoresTest, IndicesAndShapesThatDoNotFitAreRefusedWhenWriting) {
    const TemporaryDirectory directory;
    const auto refused = [&directory](auto&& change) {
        PatchScores scores = example();
        change(scores);
        EXPECT_THROW(save_patch_scores(directory / "scores.h5", scores), StorageError);
        EXPECT_EQ(entries_in(directory.path()), 0U);
    };
    refused([](PatchScores& s) { s.classes[0].routed_map[1] = 3; });
    refused([](PatchScores& s) { s.classes[0].oracle_map[1] = -2; });
    refused([](PatchScores& s) { s.classes[1].routed_task[3] = 2; });
    refused([](PatchScores& s) { s.classes[0].routed_map.pop_back(); });
    refused([](PatchScores& s) { s.classes[0].maps.pop_back(); });
    refused([](PatchScores& s) { s.classes[0].distances.push_back(0); });
    refused([](PatchScores& s) { s.classes[0].image_paths.pop_back(); });
    refused([](PatchScores& s) { s.classes[0].task = 2; });
    refused([](PatchScores& s) { s.classes[0].height = 0; });
    refused([](PatchScores& s) { s.num_tasks = 0; });
    refused([](PatchScores& s) { s.classes[0].height = s.classes[0].width = 0; });
    refused([](PatchScores& s) { s.classes[0].image_scores = {1, 2}; });
    refused([](PatchScores& s) { s = image_example(false), s.classes[0].maps = {1}; });
    refused([](PatchScores& s) { s = image_example(false), s.classes[0].width = 1; });
    refused([](PatchScores& s) { s = image_example(false), s.classes[1].oracle_map[2] = 3; });
    refused([](PatchScores& s) { s = image_example(true), s.validation_split.pop_back(); });
    refused([](PatchScores& s) { s = image_example(true), s.validation[1].image_scores = {1}; });
}

/// A file with a valid seal whose content lies: what a hostile or foreign writer could make.
struct SealedFile {
    std::int64_t version = 1, images = 1, maps = 1;
    std::int32_t index = 0;
    std::int64_t side = 1;           ///< 0: no maps
    std::int64_t scored_images = 0;  ///< scores of images; 0: none

    std::string bytes() const {
        const QuietHdf5 quiet;
        const H5File file = create_hdf5_in_memory();
        write_attribute(file.get(), "format_version", version);
        write_attribute(file.get(), "training_key", std::string("k"));
        write_attribute(file.get(), "num_tasks", std::int64_t{1});
        write_attribute(file.get(), "has_router", std::int64_t{0});
        write_attribute(file.get(), "num_classes", std::int64_t{1});
        const H5Group classes = create_group(file.get(), "classes");
        const H5Group group = create_group(file.get(), "classes/0");
        write_attribute(group.get(), "class_name", std::string("grain"));
        write_attribute(group.get(), "task", std::int64_t{0});
        write_attribute(group.get(), "images", images);
        write_attribute(group.get(), "height", side);
        write_attribute(group.get(), "width", side);
        write_attribute(group.get(), "maps", maps);
        if (side != 0) {
            write_array<float>(group.get(), "maps", {1, 1, 1}, {0.5F});
        }
        if (scored_images > 0) {
            const auto count = static_cast<std::size_t>(scored_images);
            write_array<double>(
                group.get(), "image_scores", {count}, std::vector<double>(count, 0.25));
        }
        for (const char* name : {"routed_map", "oracle_map", "routed_task"}) {
            write_array<std::int32_t>(group.get(), name, {1, 1}, {index});
        }
        write_array<double>(group.get(), "distances", {1, 1}, {0.0});
        write_strings(group.get(), "image_paths", {"p"});
        write_strings(group.get(), "image_digests", {"d"});
        const std::string image = image_of(file);
        return image + make_seal(image, {});
    }
};

TEST(PatchScoresTest, SealedFilesThatLieAreRefused) {
    const TemporaryDirectory directory;
    const auto path = directory / "scores.h5";
    for (const std::int64_t version : {1, 2}) {
        spill(path, SealedFile{version}.bytes());
        EXPECT_EQ(load_patch_scores(path).classes.at(0).maps, std::vector<float>{0.5F});
    }
    for (const std::int64_t side : {1, 0}) {
        spill(path, SealedFile{2, 1, 1, 0, side, 1}.bytes());
        EXPECT_EQ(load_patch_scores(path).classes.at(0).image_scores, std::vector<double>{0.25});
    }
    const std::vector<SealedFile> lies = {{3},
                                          {1, 2},
                                          {1, -1},
                                          {1, 1LL << 62},
                                          {1, 1, 1LL << 40},
                                          {1, 1, -1},
                                          {1, 1, 1, 1},
                                          {1, 1, 1, -2},
                                          {1, 1, 1, 0, 1, 1},  // the version knows no such scores
                                          {2, 1, 1, 0, 0, 0},  // neither maps nor scores
                                          {2, 1, 1, 0, 0, 2},  // two scores, one map
                                          {2, 1, 2, 0, 1, 2},  // the other way round
                                          {2, 1, 1, 1, 0, 1},  // no such score
                                          {2, 1, -1, 0, 0, 1},
                                          {2, 1, 1LL << 62, 0, 0, 1},
                                          {2, 1, 1, 0, -1, 1}};
    for (std::size_t i = 0; i < lies.size(); ++i) {
        spill(path, lies[i].bytes());
        EXPECT_THROW(load_patch_scores(path), StorageError) << i;
    }
    spill(path, lies[0].bytes());
    EXPECT_TRUE(
        contains(message_of<StorageError>([&] { load_patch_scores(path); }), "version is 3"));
}

TEST(PatchScoresTest, FullDiskLeavesNothingBehind) {
    const TemporaryDirectory directory;
    EXPECT_THROW(
        {
            const FileSizeLimit full(1000);
            save_patch_scores(directory / "scores.h5", example());
        },
        StorageError);
    EXPECT_EQ(entries_in(directory.path()), 0U);
}

}  // namespace
}  // namespace harrow::storage
