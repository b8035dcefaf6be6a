#include "worker/methods/anomalyvfm/samples.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

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

std::int64_t ceiling(std::int64_t count, std::int64_t divisor) {
    return (count + divisor - 1) / divisor;
}

/// 0 … size-1 over and over, in a new order every time.
class Turns {
public:
    Turns(std::int64_t size, std::uint64_t seed, std::string stream)
        : size_(size), seed_(seed), stream_(std::move(stream)) {}

    /// `count` from the position `first` of the endless sequence on.
    Indices take(std::int64_t first, std::int64_t count) {
        Indices indices;
        for (std::int64_t position = first; position < first + count; ++position) {
            if (position / size_ != round_) {
                round_ = position / size_;
                sweeps::RandomStream random(seed_, stream_ + std::to_string(round_));
                order_ = sweeps::random_permutation(size_, random);
            }
            indices.push_back(order_[static_cast<std::size_t>(position % size_)]);
        }
        return indices;
    }

private:
    std::int64_t size_;
    std::uint64_t seed_;
    std::string stream_;
    std::int64_t round_ = -1;
    Indices order_;
};

/// Of every resolution that has anomalies: [begin, end) in the pool.
std::vector<std::pair<std::int64_t, std::int64_t>> resolution_ranges(const SamplePool& pool) {
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    std::int64_t begin = 0;
    for (const std::int64_t end : pool.resolution_ends) {
        if (end > begin) {
            ranges.emplace_back(begin, end);
        }
        begin = end;
    }
    return ranges;
}

std::int64_t longest_resolution(const SamplePool& pool) {
    std::int64_t longest = 0;
    for (const auto& [begin, end] : resolution_ranges(pool)) {
        longest = std::max(longest, end - begin);
    }
    return longest;
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
    const std::int64_t longest = longest_resolution(pool);
    std::vector<SampleBatch> batches;
    for (std::int64_t first = 0; first < longest; first += half) {
        SampleBatch batch{block(first, half, normals), {}};
        for (const auto& [begin, end] : resolution_ranges(pool)) {
            if (begin + first < end) {
                batch.anomalies.push_back(begin + first);
            }
        }
        batches.push_back(std::move(batch));
    }
    return batches;
}

std::vector<SampleBatch> shuffled_batches(const SamplePool& pool,
                                          std::int64_t batch_size,
                                          bool by_resolution,
                                          std::uint64_t seed,
                                          const std::string& task,
                                          int epoch) {
    const std::int64_t half = batch_size / 2;
    const auto anomalies = static_cast<std::int64_t>(pool.anomalies.size());
    const std::int64_t steps =
        by_resolution ? ceiling(longest_resolution(pool), half) : ceiling(anomalies, batch_size);
    std::vector<std::pair<std::int64_t, std::int64_t>> groups = resolution_ranges(pool);
    if (!by_resolution || half % static_cast<std::int64_t>(groups.size()) != 0) {
        groups = {{0, anomalies}};
    }
    const std::int64_t share = half / static_cast<std::int64_t>(groups.size());
    const std::string stream = "shuffle/" + task + "/";
    Turns normal_turns(static_cast<std::int64_t>(pool.normals.size()), seed, stream + "normals/");
    std::vector<Turns> turns;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        turns.emplace_back(groups[i].second - groups[i].first,
                           seed,
                           stream + "anomalies/" + std::to_string(i) + "/");
    }
    std::vector<SampleBatch> batches;
    for (std::int64_t step = steps * epoch; step < steps * (epoch + 1); ++step) {
        SampleBatch batch{normal_turns.take(step * half, half), {}};
        for (std::size_t i = 0; i < groups.size(); ++i) {
            for (const std::int64_t index : turns[i].take(step * share, share)) {
                batch.anomalies.push_back(groups[i].first + index);
            }
        }
        batches.push_back(std::move(batch));
    }
    return batches;
}

std::vector<SampleBatch> epoch_batches(const sweeps::TrialConfig& config,
                                       const SamplePool& pool,
                                       std::uint64_t seed,
                                       const std::string& task,
                                       int epoch) {
    if (pool.normals.empty() || pool.anomalies.empty()) {
        throw sweeps::DataError("the task of class '" + task + "' has " +
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
    const bool by_resolution = config.model.version == "1.3";
    if (config.train.sampling == "shuffled") {
        return shuffled_batches(pool, batch_size, by_resolution, seed, task, epoch);
    }
    if (config.train.sampling == "blocks_compat") {
        return by_resolution ? block_batches_by_resolution(pool, batch_size)
                             : block_batches(pool, batch_size);
    }
    throw sweeps::UsageError("train.sampling is '" + config.train.sampling +
                             "'; use shuffled or blocks_compat");
}

}  // namespace harrow::worker::anomalyvfm
