#include "worker/methods/anomalyvfm/samples.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "sweeps/error.hpp"
#include "sweeps/random.hpp"

namespace harrow::worker::anomalyvfm {
namespace {

using Indices = std::vector<std::int64_t>;

/// `count` from `first` on, as far as `size` goes.
Indices range(std::int64_t first, std::int64_t count, std::int64_t size) {
    Indices indices(
        static_cast<std::size_t>(std::max<std::int64_t>(0, std::min(count, size - first))));
    std::iota(indices.begin(), indices.end(), first);
    return indices;
}

/// The reference's rule: the block at `first` if it ends before the last image, else the first one.
Indices block(std::int64_t first, std::int64_t count, std::int64_t size) {
    return range(first + count < size ? first : 0, count, size);
}

/// 0 … size-1 in seeded order, over and over, until there are `count`.
Indices cycled(std::int64_t size, std::int64_t count, sweeps::RandomStream& random) {
    Indices indices;
    while (static_cast<std::int64_t>(indices.size()) < count) {
        const Indices round = sweeps::random_permutation(size, random);
        indices.insert(indices.end(), round.begin(), round.end());
    }
    indices.resize(static_cast<std::size_t>(count));
    return indices;
}

std::int64_t size_of(const Indices& indices) {
    return static_cast<std::int64_t>(indices.size());
}

}  // namespace

SamplePool pool_samples(const std::vector<sweeps::AnomalyRows>& rows) {
    SamplePool pool;
    std::size_t resolutions = 0;
    std::vector<std::int64_t> next;  // row of every class
    for (std::size_t i = 0; i < rows.size(); ++i) {
        pool.normals_among_anomalies = pool.normals_among_anomalies || rows[i].normals_first > 0;
        resolutions = std::max(resolutions, rows[i].resolutions.size());
        next.push_back(rows[i].normals_first);
        for (std::int64_t row = 0; row < rows[i].normals; ++row) {
            pool.normals.push_back({i, row});
        }
    }
    for (std::size_t resolution = 0; resolution < resolutions; ++resolution) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (resolution >= rows[i].resolutions.size()) {
                continue;
            }
            const std::int64_t count = rows[i].resolutions[resolution].total();
            for (std::int64_t index = 0; index < count; ++index) {
                pool.anomalies.push_back({{i, next[i]++}, resolution, index});
            }
        }
        pool.resolution_ends.push_back(static_cast<std::int64_t>(pool.anomalies.size()));
    }
    return pool;
}

std::vector<SampleBatch> block_batches(const SamplePool& pool, std::int64_t batch_size) {
    const auto normals = static_cast<std::int64_t>(pool.normals.size());
    const auto anomalies = static_cast<std::int64_t>(pool.anomalies.size());
    const std::int64_t half = batch_size / 2;
    std::vector<SampleBatch> batches;
    for (std::int64_t first = 0; first < anomalies; first += batch_size) {
        batches.push_back({block(first, half, normals), block(first, half, anomalies)});
    }
    return batches;
}

std::vector<SampleBatch> block_batches_by_resolution(const SamplePool& pool,
                                                     std::int64_t batch_size) {
    const auto normals = static_cast<std::int64_t>(pool.normals.size());
    const std::int64_t half = batch_size / 2;
    std::int64_t longest = 0, begin = 0;
    for (const std::int64_t end : pool.resolution_ends) {
        longest = std::max(longest, end - begin);
        begin = end;
    }
    std::vector<SampleBatch> batches;
    for (std::int64_t first = 0; first < longest; first += half) {
        SampleBatch batch{block(first, half, normals), {}};
        begin = 0;
        for (const std::int64_t end : pool.resolution_ends) {
            if (begin + first < end) {
                batch.anomalies.push_back(begin + first);
            }
            begin = end;
        }
        batches.push_back(std::move(batch));
    }
    return batches;
}

std::vector<SampleBatch> shuffled_batches(
    const SamplePool& pool, std::int64_t batch_size, std::uint64_t seed, int task, int epoch) {
    sweeps::RandomStream random(seed,
                                "shuffle/" + std::to_string(task) + "/" + std::to_string(epoch));
    const auto count = static_cast<std::int64_t>(pool.anomalies.size());
    const Indices anomalies = sweeps::random_permutation(count, random);
    const Indices normals = cycled(static_cast<std::int64_t>(pool.normals.size()), count, random);
    const std::int64_t half = batch_size / 2;
    std::vector<SampleBatch> batches;
    for (std::int64_t first = 0; first < count; first += half) {
        const std::int64_t end = std::min(first + half, size_of(anomalies));
        batches.push_back({{normals.begin() + first, normals.begin() + end},
                           {anomalies.begin() + first, anomalies.begin() + end}});
    }
    return batches;
}

std::vector<SampleBatch> epoch_batches(const sweeps::TrialConfig& config,
                                       const SamplePool& pool,
                                       std::uint64_t seed,
                                       int task,
                                       int epoch) {
    if (pool.normals.empty() || pool.anomalies.empty()) {
        throw sweeps::DataError("task " + std::to_string(task) + " has " +
                                std::to_string(pool.normals.size()) + " normal images and " +
                                std::to_string(pool.anomalies.size()) +
                                " anomalies to train on; both are needed: raise "
                                "synthetic.normal_images and the counts of synthetic.*");
    }
    const std::int64_t batch_size = config.train.batch_size;
    if (batch_size < 2) {
        throw sweeps::UsageError("train.batch_size is " + std::to_string(batch_size) +
                                 "; half of a batch are normal images: use 2 or more");
    }
    if (config.train.sampling == "shuffled") {
        return shuffled_batches(pool, batch_size, seed, task, epoch);
    }
    if (config.train.sampling == "blocks_compat") {
        return config.model.version == "1.3" ? block_batches_by_resolution(pool, batch_size)
                                             : block_batches(pool, batch_size);
    }
    throw sweeps::UsageError("train.sampling is '" + config.train.sampling +
                             "'; use shuffled or blocks_compat");
}

}  // namespace harrow::worker::anomalyvfm
