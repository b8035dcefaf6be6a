#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "sweeps/dataset_catalog.hpp"

namespace harrow::cli {

/// Answers from the files on disk; each data set is listed and digested once per process. Files
/// that have not changed since they were last digested are known from `<cache>/digests/`.
class DiskCatalog : public sweeps::DatasetCatalog {
public:
    explicit DiskCatalog(std::filesystem::path cache) : cache_(std::move(cache)) {}
    const sweeps::DatasetFacts& describe(const std::string& layout,
                                         const std::string& root) override;

private:
    std::filesystem::path cache_;
    std::map<std::pair<std::string, std::string>, sweeps::DatasetFacts> known_;
};

}  // namespace harrow::cli
