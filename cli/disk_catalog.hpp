#pragma once

#include <map>
#include <string>
#include <utility>

#include "sweeps/dataset_catalog.hpp"

namespace harrow::cli {

/// Answers from the files on disk; each data set is listed and digested once per process.
class DiskCatalog : public sweeps::DatasetCatalog {
public:
    const sweeps::DatasetFacts& describe(const std::string& layout,
                                         const std::string& root) override;

private:
    std::map<std::pair<std::string, std::string>, sweeps::DatasetFacts> known_;
};

}  // namespace harrow::cli
