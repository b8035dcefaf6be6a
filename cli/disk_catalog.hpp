#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "storage/weights/architecture.hpp"
#include "sweeps/input_catalog.hpp"

namespace harrow::cli {

/// Answers from the files on disk; each data set is listed and digested once per process, and so is
/// each weights file. Images that have not changed since they were last digested are known from
/// `<cache>/digests/`.
class DiskCatalog : public sweeps::InputCatalog {
public:
    explicit DiskCatalog(std::filesystem::path cache) : cache_(std::move(cache)) {}
    const sweeps::DatasetFacts& describe(const std::string& layout,
                                         const std::string& root) override;
    const sweeps::WeightsFacts& weights(const std::string& backbone,
                                        const std::string& path) override;

private:
    /// What a file is, whoever reads it.
    struct WeightsFile {
        sweeps::WeightsFacts facts;
        storage::WeightsArchitecture architecture;
        bool exists = true;
    };
    const WeightsFile& weights_file(const std::string& path);

    std::filesystem::path cache_;
    std::map<std::pair<std::string, std::string>, sweeps::DatasetFacts> known_;
    std::map<std::string, WeightsFile> weights_files_;  ///< by absolute path
    std::map<std::pair<std::string, std::string>, sweeps::WeightsFacts> weights_;
};

}  // namespace harrow::cli
