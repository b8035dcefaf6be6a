#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "worker/methods/anomalyvfm/expert.hpp"
#include "worker/methods/anomalyvfm/samples.hpp"

namespace harrow::worker::anomalyvfm {
namespace {

using Indices = std::vector<std::int64_t>;

sweeps::AnomalyRows rows_of(std::int64_t normals, std::vector<sweeps::AnomalyCounts> counts) {
    sweeps::AnomalyRows rows;
    rows.normals = normals;
    rows.resolutions = std::move(counts);
    return rows;
}

SamplePool reference_pool() {
    return pool_samples({rows_of(50, {{0, 30, 30, 30}})});
}

std::map<std::int64_t, int> counted(const std::vector<SampleBatch>& batches,
                                    Indices SampleBatch::*kind) {
    std::map<std::int64_t, int> counts;
    for (const SampleBatch& batch : batches) {
        for (const std::int64_t index : batch.*kind) {
            ++counts[index];
        }
    }
    return counts;
}

std::set<std::int64_t> seen(const std::vector<SampleBatch>& batches, Indices SampleBatch::*kind) {
    std::set<std::int64_t> indices;
    for (const auto& [index, count] : counted(batches, kind)) {
        indices.insert(index);
    }
    return indices;
}

TEST(AnomalyvfmSamples, BlocksVisitTheImagesTheReferenceVisits) {
    const std::vector<SampleBatch> batches = block_batches(reference_pool(), 8);
    ASSERT_EQ(batches.size(), 12U);
    std::set<std::int64_t> normals;
    for (std::int64_t first = 0; first <= 40; first += 8) {
        for (std::int64_t i = 0; i < 4; ++i) {
            normals.insert(first + i);
        }
    }
    EXPECT_EQ(seen(batches, &SampleBatch::normals), normals);
    EXPECT_EQ(seen(batches, &SampleBatch::anomalies).size(), 44U);
    EXPECT_EQ(batches[5].normals, (Indices{40, 41, 42, 43}));
    EXPECT_EQ(batches[6].normals, (Indices{0, 1, 2, 3}));
    EXPECT_EQ(batches[10].anomalies, (Indices{80, 81, 82, 83}));
    EXPECT_EQ(batches[11].anomalies, (Indices{0, 1, 2, 3}));
}

TEST(AnomalyvfmSamples, BlocksOf1_3TakeOneAnomalyOfEveryResolution) {
    const SamplePool pool =
        pool_samples({rows_of(50, {{128, 8, 20, 12}, {256, 16, 12, 12}, {512, 20, 8, 12}})});
    const std::vector<SampleBatch> batches = block_batches_by_resolution(pool, 6);
    ASSERT_EQ(batches.size(), 14U);
    EXPECT_EQ(batches[0].anomalies, (Indices{0, 40, 80}));
    EXPECT_EQ(batches[13].anomalies, (Indices{39, 79, 119}));
    EXPECT_EQ(batches[13].normals, (Indices{39, 40, 41}));
    EXPECT_EQ(seen(batches, &SampleBatch::normals).size(), 42U);
    const std::vector<SampleBatch> few =
        block_batches_by_resolution(pool_samples({rows_of(5, {{128, 4, 0, 0}})}), 6);
    EXPECT_EQ(few.back().normals, (Indices{0, 1, 2}));
}

TEST(AnomalyvfmSamples, FewNormalImagesAreAllUsed) {
    const SamplePool pool = pool_samples({rows_of(3, {{0, 5, 0, 0}})});
    for (const SampleBatch& batch : block_batches(pool, 8)) {
        EXPECT_EQ(batch.normals, (Indices{0, 1, 2}));
        EXPECT_EQ(batch.anomalies, (Indices{0, 1, 2, 3}));
    }
}

// The reference asks for more images than the block needs.
TEST(AnomalyvfmSamples, ABlockThatEndsWithTheLastImageFallsBack) {
    const std::vector<SampleBatch> batches =
        block_batches(pool_samples({rows_of(12, {{0, 16, 0, 0}})}), 8);
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_EQ(batches[1].normals, (Indices{0, 1, 2, 3}));
    EXPECT_EQ(batches[1].anomalies, (Indices{8, 9, 10, 11}));
}

/// Steps of the first epochs, one after the other.
std::vector<SampleBatch> shuffled(const SamplePool& pool,
                                  std::int64_t batch_size,
                                  bool by_resolution,
                                  int epochs) {
    std::vector<SampleBatch> batches;
    for (int epoch = 0; epoch < epochs; ++epoch) {
        for (SampleBatch& batch :
             shuffled_batches(pool, batch_size, by_resolution, 1, "c", epoch)) {
            batches.push_back(std::move(batch));
        }
    }
    return batches;
}

void expect_equally_often(const std::map<std::int64_t, int>& counts, std::size_t size) {
    ASSERT_EQ(counts.size(), size);
    int least = counts.begin()->second, most = least;
    for (const auto& [index, count] : counts) {
        least = std::min(least, count);
        most = std::max(most, count);
    }
    EXPECT_LE(most - least, 1);
}

TEST(AnomalyvfmSamples, ShuffledEpochsHaveTheStepsOfTheBlocksAndSeeAllEquallyOften) {
    const SamplePool pool = reference_pool();
    EXPECT_EQ(shuffled(pool, 8, false, 1).size(), block_batches(pool, 8).size());
    for (const int epochs : {2, 3, 10}) {
        const std::vector<SampleBatch> batches = shuffled(pool, 8, false, epochs);
        for (const SampleBatch& batch : batches) {
            EXPECT_EQ(batch.normals.size(), 4U);
            EXPECT_EQ(batch.anomalies.size(), 4U);
        }
        expect_equally_often(counted(batches, &SampleBatch::normals), 50);
        expect_equally_often(counted(batches, &SampleBatch::anomalies), 90);
    }
    const auto order = [&](std::uint64_t seed, const char* task, int epoch) {
        Indices all;
        for (const SampleBatch& batch : shuffled_batches(pool, 8, false, seed, task, epoch)) {
            all.insert(all.end(), batch.anomalies.begin(), batch.anomalies.end());
        }
        return all;
    };
    EXPECT_EQ(order(1, "a", 0), order(1, "a", 0));
    EXPECT_NE(order(1, "a", 0), order(1, "a", 2));
    EXPECT_NE(order(1, "a", 0), order(1, "b", 0));
    EXPECT_NE(order(1, "a", 0), order(2, "a", 0));
}

TEST(AnomalyvfmSamples, ShuffledStepsOf1_3TakeEquallyManyOfEveryResolution) {
    const SamplePool pool =
        pool_samples({rows_of(50, {{128, 8, 20, 12}, {256, 16, 12, 12}, {512, 20, 8, 12}})});
    EXPECT_EQ(shuffled(pool, 6, true, 1).size(), block_batches_by_resolution(pool, 6).size());
    const std::vector<SampleBatch> batches = shuffled(pool, 12, true, 9);
    EXPECT_EQ(batches.size(), 9U * block_batches_by_resolution(pool, 12).size());
    for (const SampleBatch& batch : batches) {
        std::map<std::size_t, int> resolutions;
        for (const std::int64_t index : batch.anomalies) {
            ++resolutions[pool.anomalies[static_cast<std::size_t>(index)].resolution];
        }
        EXPECT_EQ(resolutions, (std::map<std::size_t, int>{{0, 2}, {1, 2}, {2, 2}}));
        EXPECT_EQ(batch.normals.size(), 6U);
    }
    expect_equally_often(counted(batches, &SampleBatch::anomalies), 120);
    // Three resolutions do not share four places: all anomalies take turns.
    const std::vector<SampleBatch> mixed = shuffled(pool, 8, true, 12);
    for (const SampleBatch& batch : mixed) {
        EXPECT_EQ(batch.anomalies.size(), 4U);
    }
    expect_equally_often(counted(mixed, &SampleBatch::anomalies), 120);
}

TEST(AnomalyvfmSamples, ClassesOfATaskArePooled) {
    sweeps::AnomalyRows first = rows_of(2, {{8, 1, 0, 0}, {16, 0, 1, 1}});
    first.normals_first = 2;
    sweeps::AnomalyRows second = rows_of(3, {{8, 2, 0, 0}, {16, 1, 0, 0}});
    second.normals_first = 3;
    const SamplePool pool = pool_samples({first, second});
    EXPECT_TRUE(pool.normals_among_anomalies);
    ASSERT_EQ(pool.normals.size(), 5U);
    EXPECT_EQ(pool.normals[2].class_index, 1U);
    EXPECT_EQ(pool.normals[2].row, 0);
    EXPECT_EQ(pool.resolution_ends, (Indices{3, 6}));
    // class, row of the view, resolution, index of the anomaly
    const std::vector<std::vector<std::int64_t>> expected = {
        {0, 2, 0, 0}, {1, 3, 0, 0}, {1, 4, 0, 1}, {0, 3, 1, 0}, {0, 4, 1, 1}, {1, 5, 1, 0}};
    ASSERT_EQ(pool.anomalies.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const AnomalySample& sample = pool.anomalies[i];
        EXPECT_EQ((std::vector<std::int64_t>{static_cast<std::int64_t>(sample.place.class_index),
                                             sample.place.row,
                                             static_cast<std::int64_t>(sample.resolution),
                                             sample.index}),
                  expected[i]);
    }
}

TEST(AnomalyvfmSamples, RefusesToTrainOnNothing) {
    sweeps::TrialConfig config;
    const SamplePool nothing = pool_samples({rows_of(5, {{0, 0, 0, 0}})});
    EXPECT_THROW(epoch_batches(config, nothing, 1, "c", 0), sweeps::DataError);
    config.train.sampling = "random";
    EXPECT_THROW(epoch_batches(config, reference_pool(), 1, "c", 0), sweeps::UsageError);
    config.train.sampling = "shuffled";
    config.train.batch_size = 1;
    EXPECT_THROW(epoch_batches(config, reference_pool(), 1, "c", 0), sweeps::UsageError);
}

/// Which rows are taken, in order; every batch has one length where `length` is given.
Indices taken(const std::vector<SetBatch>& batches, std::size_t length = 0) {
    Indices rows;
    for (const SetBatch& batch : batches) {
        EXPECT_TRUE(length == 0 || batch.rows.size() == length);
        const auto first = batch.rows.begin() + batch.first;
        rows.insert(rows.end(), first, first + batch.count);
    }
    return rows;
}

Indices ascending(std::int64_t count) {
    Indices rows;
    for (std::int64_t row = 0; row < count; ++row) {
        rows.push_back(row);
    }
    return rows;
}

TEST(AnomalyvfmSamples, EveryRowOfASetIsTakenOnce) {
    sweeps::ModelConfig config;
    config.version = "1.3";
    for (const std::int64_t size : {1, 5, 6, 8, 13, 16}) {
        config.batch_mix_compat = false;
        EXPECT_EQ(taken(set_batches(size, config, true), 8), ascending(size));
        config.batch_mix_compat = true;
        config.batch_mix_size = 6;
        EXPECT_EQ(taken(set_batches(size, config, false), 6), ascending(size));
        EXPECT_EQ(taken(set_batches(size, config, true), 6), ascending(size / 6 * 6));
        config.version = "1.4";
        EXPECT_EQ(taken(set_batches(size, config, true)), ascending(size));
        config.version = "1.3";
    }
    // The last batch is filled by the images before it.
    EXPECT_EQ(set_batches(8, config, false).back().rows, (Indices{2, 3, 4, 5, 6, 7}));
    config.version = "1.4";
    EXPECT_EQ(set_batches(8, config, false).back().rows, (Indices{6, 7}));
}

}  // namespace
}  // namespace harrow::worker::anomalyvfm
