#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/weights/architecture.hpp"
#include "sweeps/input_catalog.hpp"

namespace harrow::cli {

/// Answers from the files on disk; each class is digested once per process, and so is each weights
/// file. Classes that are not asked for are not looked at. Images that have not changed since they
/// were last digested are known from
/// `<cache>/digests/`.
class DiskCatalog : public sweeps::InputCatalog {
public:
    explicit DiskCatalog(std::filesystem::path cache) : cache_(std::move(cache)) {}
    const sweeps::DatasetFacts& describe(const std::string& layout,
                                         const std::string& root,
                                         const std::vector<std::string>& classes) override;
    const sweeps::WeightsFacts& weights(const std::string& backbone,
                                        const std::string& path) override;

private:
    /// What a file is, whichever backbone reads it as such a file.
    struct WeightsFile {
        sweeps::WeightsFacts facts;
        storage::WeightsArchitecture architecture;  ///< of safetensors
        bool exists = true;
    };
    enum class Format { Safetensors, TorchScript };
    using DatasetPlace = std::pair<std::string, std::string>;  // layout and root
    using ClassNames = std::vector<std::string>;
    using KnownClasses = std::map<std::string, sweeps::ClassFacts>;

    sweeps::DatasetFacts read_facts(const DatasetPlace& place, const ClassNames& wanted);
    const WeightsFile& weights_file(const std::string& path, Format format);

    std::filesystem::path cache_;
    std::map<std::pair<DatasetPlace, ClassNames>, sweeps::DatasetFacts> known_;
    std::map<DatasetPlace, KnownClasses> digested_;  ///< in answers so far, by name
    std::map<std::pair<std::string, Format>, WeightsFile> weights_files_;  ///< by absolute path
    std::map<std::pair<std::string, std::string>, sweeps::WeightsFacts> weights_;
};

}  // namespace harrow::cli
