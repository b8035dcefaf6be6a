#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace harrow::sweeps {

/// Seed of the stream `name` of a trial: equal inputs give equal streams on every machine, and two
/// names never share one. Streams in use: "init", "shuffle", "order"; append "/<task>" per task.
/// Of AnomalyVFM, where a task is called after its first class: "init/<task>", "init/head/<task>",
/// "shuffle/<task>/normals/<round>", "shuffle/<task>/anomalies/<resolution>/<round>",
/// "dropout/<task>/<epoch>/<batch>", "extraction/<task>/<what>/<batch>".
/// With what synthetic.seed says: "class/<name>", and with that as the seed
/// "anomalies/<index of the resolution>/<index of the anomaly>".
/// With seed 0, of images: "cutpaste/<path>"; of reports: "compare" (anew for every comparison),
/// "selection".
std::uint64_t stream_seed(std::uint64_t trial_seed, std::string_view name);

/// Small deterministic generator (splitmix64: Steele, Lea, Flood, OOPSLA 2014); the standard
/// library's distributions differ between implementations, so it has its own.
class RandomStream {
public:
    explicit RandomStream(std::uint64_t seed) : state_(seed) {}
    RandomStream(std::uint64_t trial_seed, std::string_view name)
        : RandomStream(stream_seed(trial_seed, name)) {}

    std::uint64_t next();
    /// Uniform in [0, 1), 53 bits.
    double uniform();
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// Uniform in [0, bound), without modulo bias. `bound` > 0.
    std::uint64_t below(std::uint64_t bound);
    /// Standard normal (Box-Muller, no state kept between calls).
    double normal();

private:
    std::uint64_t state_;
};

/// Fisher-Yates permutation of 0 … count-1.
std::vector<std::int64_t> random_permutation(std::int64_t count, RandomStream& random);

}  // namespace harrow::sweeps
