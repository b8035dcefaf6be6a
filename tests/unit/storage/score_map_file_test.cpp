#include "storage/score_map_file.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <hdf5.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using testing::contains;

class ScoreMapFileTest : public ::testing::Test {
protected:
    ScoreMapFileTest() {
        add("scores", H5T_NATIVE_FLOAT, {2, 2, 3}, scores_.data());
        add("masks", H5T_NATIVE_UINT8, {2, 2, 3}, masks_.data());
    }

    std::string path() const { return (folder_ / "maps.h5").string(); }

    /// Replaces a dataset of that name.
    void add(const char* name, hid_t type, const std::vector<hsize_t>& shape, const void* values) {
        const hid_t file = std::filesystem::exists(path())
                               ? H5Fopen(path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT)
                               : H5Fcreate(path().c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
        if (H5Lexists(file, name, H5P_DEFAULT) > 0) {
            H5Ldelete(file, name, H5P_DEFAULT);
        }
        const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
        const hid_t set =
            H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (values != nullptr) {
            H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        }
        H5Dclose(set);
        H5Sclose(space);
        H5Fclose(file);
    }

    std::string refusal() {
        return testing::message_of<sweeps::UsageError>([&] {
            const ScoreMapFile file(path());
            file.visit([](const ScoreMapBlock&) {});
        });
    }

    std::vector<float> scores_ = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    std::vector<std::uint8_t> masks_ = {0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    testing::TemporaryDirectory folder_;
};

TEST_F(ScoreMapFileTest, GivesBackWhatWasWritten) {
    const std::vector<float> image_scores = {0.5F, 0.25F};
    const std::vector<std::uint8_t> labels = {0, 1};
    add("image_scores", H5T_NATIVE_FLOAT, {2}, image_scores.data());
    add("labels", H5T_NATIVE_UINT8, {2}, labels.data());
    const ScoreMapFile file(path());
    EXPECT_EQ(file.images(), 2U);
    EXPECT_EQ(file.height(), 2);
    EXPECT_EQ(file.width(), 3);
    EXPECT_EQ(file.image_scores(), image_scores);
    EXPECT_EQ(file.labels(), labels);
    std::vector<float> scores;
    std::vector<std::uint8_t> masks;
    file.visit([&](const ScoreMapBlock& block) {
        EXPECT_EQ(block.first * 6, scores.size());
        scores.insert(scores.end(), block.scores, block.scores + block.images * 6);
        masks.insert(masks.end(), block.masks, block.masks + block.images * 6);
    });
    EXPECT_EQ(scores, scores_);
    EXPECT_EQ(masks, masks_);
}

TEST_F(ScoreMapFileTest, TakesOtherByteOrdersAndBools) {
    const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);  // as h5py stores a bool
    const std::int8_t no = 0, yes = 1;
    H5Tenum_insert(type, "FALSE", &no);
    H5Tenum_insert(type, "TRUE", &yes);
    masks_[2] = 1;
    add("masks", type, {2, 2, 3}, masks_.data());
    H5Tclose(type);
    std::vector<std::uint8_t> masks;
    ScoreMapFile(path()).visit(
        [&](const ScoreMapBlock& block) { masks.assign(block.masks, block.masks + 12); });
    EXPECT_EQ(masks, masks_);
}

TEST_F(ScoreMapFileTest, RefusesOtherTypesAndShapes) {
    const std::vector<double> wide(12, 1);
    add("scores", H5T_NATIVE_DOUBLE, {2, 2, 3}, wide.data());
    EXPECT_TRUE(contains(refusal(), "dataset scores is float64 where float32 was expected"));
    add("scores", H5T_NATIVE_FLOAT, {4, 3}, scores_.data());
    EXPECT_TRUE(contains(refusal(), "dataset scores is [4, 3] where [images, height, width]"));
    add("scores", H5T_NATIVE_FLOAT, {2, 3, 2}, scores_.data());
    EXPECT_TRUE(contains(refusal(), "dataset masks is [2, 2, 3], scores are [2, 3, 2]"));
    add("scores", H5T_NATIVE_FLOAT, {0, 2, 3}, nullptr);
    EXPECT_TRUE(contains(refusal(), "it must hold a pixel"));
    add("scores", H5T_NATIVE_FLOAT, {2, 2, 3}, scores_.data());
    add("masks", H5T_NATIVE_INT8, {2, 2, 3}, masks_.data());
    EXPECT_TRUE(contains(refusal(), "dataset masks is int8 where uint8 was expected"));
    add("masks", H5T_NATIVE_UINT8, {2, 2, 3}, masks_.data());
    add("labels", H5T_NATIVE_UINT8, {3}, masks_.data());
    EXPECT_TRUE(contains(refusal(), "dataset labels is [3] where one value for each of 2 images"));
}

TEST_F(ScoreMapFileTest, ScoresThatCannotBeRankedAreNamed) {
    const std::vector<float> image_scores = {0.5F, std::numeric_limits<float>::infinity()};
    scores_[10] = std::numeric_limits<float>::quiet_NaN();
    add("scores", H5T_NATIVE_FLOAT, {2, 2, 3}, scores_.data());
    EXPECT_TRUE(contains(refusal(), "dataset scores: image 1, row 1, column 1 is NaN"));
    add("image_scores", H5T_NATIVE_FLOAT, {2}, image_scores.data());
    EXPECT_TRUE(contains(refusal(), "dataset image_scores: image 1 is NaN"));
}

TEST_F(ScoreMapFileTest, LinksAreNotFollowed) {
    const std::filesystem::path other = folder_ / "other.h5";
    std::filesystem::copy_file(path(), other);
    for (const char* name : {"scores", "labels"}) {
        const hid_t file = H5Fopen(path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
        if (H5Lexists(file, name, H5P_DEFAULT) > 0) {
            H5Ldelete(file, name, H5P_DEFAULT);
        }
        H5Lcreate_external(other.c_str(), "scores", file, name, H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(file);
        EXPECT_TRUE(contains(refusal(), "dataset " + std::string(name) + " is a link"));
        add("scores", H5T_NATIVE_FLOAT, {2, 2, 3}, scores_.data());
    }
}

TEST_F(ScoreMapFileTest, ScoresThatWereHardlyWrittenAreRefusedUnread) {
    const hid_t file = H5Fopen(path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "scores", H5P_DEFAULT);
    const hsize_t shape[] = {1, 65536, 61000}, chunk[] = {1, 64, 64}, start[] = {0, 0, 0};
    const hid_t space = H5Screate_simple(3, shape, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 3, chunk);
    const hid_t set =
        H5Dcreate2(file, "scores", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const std::vector<float> values(64 * 64, 1);
    const hid_t memory = H5Screate_simple(3, chunk, nullptr);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, chunk, nullptr);
    H5Dwrite(set, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values.data());
    H5Sclose(memory);
    H5Dclose(set);
    H5Pclose(creation);
    H5Sclose(space);
    H5Fclose(file);
    EXPECT_TRUE(contains(testing::message_of<sweeps::UsageError>([&] { ScoreMapFile{path()}; }),
                         "16384 bytes of it are stored: most of it was never written"));
}

TEST_F(ScoreMapFileTest, FilesThatAreNone) {
    const std::string bytes = testing::slurp(path());
    for (std::size_t length = 0; length < bytes.size(); length += 97) {
        testing::spill(path(), bytes.substr(0, length));
        EXPECT_TRUE(contains(refusal(), path()));
    }
    std::filesystem::remove(path());
    EXPECT_TRUE(contains(refusal(), "does not exist"));
}

}  // namespace
}  // namespace harrow::storage
