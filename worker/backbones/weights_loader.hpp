#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "storage/weights/safetensors.hpp"

namespace harrow::worker {

/// Hands a backbone the tensors of its weights file and remembers what was wrong, so that one error
/// names it all. Use: take() every tensor of the architecture, then check().
class WeightsLoader {
public:
    /// Throws sweeps::DataError where the file cannot be read.
    explicit WeightsLoader(const std::filesystem::path& path);

    bool has(const std::string& name) const { return file_.find(name) != nullptr; }
    /// Sizes of a tensor; empty when absent.
    std::vector<std::int64_t> shape(const std::string& name) const;

    /// Float32 on the CPU. A tensor that is missing or has another shape is noted, and zeros stand
    /// for it. `wanted` false: only looked at, undefined.
    torch::Tensor take(const std::string& name,
                       const std::vector<std::int64_t>& shape,
                       bool wanted = true);
    /// Something else that does not fit, e.g. "pos_embed has 200 positions, expected …".
    void note(const std::string& problem) { problems_.push_back(problem); }

    /// Throws sweeps::DataError naming file, backbone, every problem and what the file seems to
    /// hold: after a missing or ill-shaped tensor, or when tensors are left that are neither a
    /// classifier's nor another's that no feature needs.
    void check(const std::string& backbone) const;

    /// Names never asked for that may be ignored: classifier heads, counters of batches, mask
    /// tokens. Sorted.
    std::vector<std::string> skipped() const;

private:
    std::vector<std::string> left(bool unused) const;

    storage::SafetensorsFile file_;
    std::set<std::string> taken_;
    std::vector<std::string> missing_;
    std::vector<std::string> problems_;
};

}  // namespace harrow::worker
