#include "sweeps/keys.hpp"

#include <map>

#include "sweeps/canonical.hpp"

namespace harrow::sweeps {
namespace {

/// Hashes named fields, each with its length, so that no two lists of fields run together.
class KeyHasher {
public:
    explicit KeyHasher(std::string_view kind) { add("kind", kind); }
    KeyHasher& add(std::string_view name, std::string_view value) {
        hasher_.update(name).update(" ").update(std::to_string(value.size())).update("\n");
        hasher_.update(value).update("\n");
        return *this;
    }
    Digest digest() const { return hasher_.digest(); }

private:
    Hasher hasher_;
};

}  // namespace

Digest feature_key(const TrialConfig& config,
                   const Digest& weights_digest,
                   const Digest& images_digest) {
    return KeyHasher("harrow-features")
        .add("config", canonical_text(config, {Stage::Features}))
        .add("weights", weights_digest)
        .add("images", images_digest)
        .digest();
}

Digest training_key(const TrialConfig& config,
                    const std::vector<std::vector<std::string>>& tasks,
                    const std::vector<Digest>& feature_keys,
                    std::uint64_t seed,
                    std::string_view device_kind) {
    KeyHasher hasher("harrow-training");
    hasher.add("config", canonical_text(config, {Stage::Training}));
    for (const std::vector<std::string>& task : tasks) {
        hasher.add("task", std::to_string(task.size()));
        for (const std::string& class_name : task) {
            hasher.add("class", class_name);
        }
    }
    for (const Digest& key : feature_keys) {
        hasher.add("features", key);
    }
    return hasher.add("seed", std::to_string(seed)).add("device", device_kind).digest();
}

Digest data_digest(const std::vector<std::vector<std::string>>& tasks,
                   const DatasetFacts& facts,
                   const ValidationConfig& validation) {
    std::map<std::string_view, const ClassFacts*> known;
    for (const ClassFacts& facts_of_class : facts.classes) {
        known.emplace(facts_of_class.name, &facts_of_class);
    }
    std::map<std::string_view, const ClassFacts*> used;
    for (const std::vector<std::string>& task : tasks) {
        for (const std::string& class_name : task) {
            used.emplace(class_name, known.at(class_name));
        }
    }
    KeyHasher hasher("harrow-data");
    for (const auto& [name, facts_of_class] : used) {
        hasher.add("class", name)
            .add("train", facts_of_class->train.images_digest)
            .add("test", facts_of_class->test.images_digest)
            .add("labels", facts_of_class->labels_digest);
        if (validation.use_split) {
            hasher.add("validation", facts_of_class->validation.images_digest);
        }
    }
    return hasher.digest();
}

Digest cell_id(const TrialConfig& config, const Digest& data, const Digest& weights_digest) {
    KeyHasher hasher("harrow-cell");
    hasher.add("config", canonical_text(config)).add("data", data);
    if (!weights_digest.empty()) {
        hasher.add("weights", weights_digest);
    }
    return hasher.digest();
}

std::string trial_id(const Digest& cell, std::uint64_t seed) {
    return cell + ".s" + std::to_string(seed);
}

}  // namespace harrow::sweeps
