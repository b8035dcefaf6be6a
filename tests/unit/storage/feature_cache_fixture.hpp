#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/feature_cache.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage::testing {

inline const char* const kKey = "a0112233445566778899aabbccddeeff";

class FeatureCacheTest : public ::testing::Test {
protected:
    FeatureCacheTest() : cache_(directory_ / "cache") {
        info_.shape = {5, 3, 2, 4};
        info_.canonical_text = "harrow-config 1\nbackbone.name = filterbank\n";
        info_.weights_digest = "none";
        for (int i = 0; i < 5; ++i) {
            info_.images.push_back(
                {"grain/train/good/" + std::to_string(i) + ".png", "digest" + std::to_string(i)});
        }
        for (int i = 0; i < 5 * 24; ++i) {
            values_.push_back(std::sin(static_cast<float>(i)) * 3.0F);
        }
    }

    void publish(const FeatureCache& cache, const std::string& key = kKey) const {
        FeatureWriter writer = cache.create(key, info_);
        writer.write(0, 2, values_.data());
        writer.write(2, 3, values_.data() + 2 * 24);
        writer.publish();
    }

    /// What a fresh process would find.
    std::string corruption_of_file() const {
        const FeatureCache fresh(cache_.root());
        return message_of<CorruptFeatureFile>([&fresh] { fresh.open(kKey); });
    }

    TemporaryDirectory directory_;
    FeatureCache cache_;
    FeatureInfo info_;
    std::vector<float> values_;
};

}  // namespace harrow::storage::testing
