#include "worker/backbones/weights_loader.hpp"

#include <algorithm>
#include <memory>

#include "storage/weights/architecture.hpp"
#include "sweeps/error.hpp"

namespace harrow::worker {

namespace {

using Shape = std::vector<std::int64_t>;

std::string text_of(const Shape& shape) {
    std::string text = "[";
    for (const std::int64_t size : shape) {
        text += (text.size() > 1 ? "," : "") + std::to_string(size);
    }
    return text + "]";
}

/// At most a handful: a wrong file misses hundreds.
std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 20;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
        text += (i > 0 ? ", " : "") + names[i];
    }
    return names.size() <= kShown
               ? text
               : text + " and " + std::to_string(names.size() - kShown) + " more";
}

Shape shape_in(const storage::SafetensorsFile& file, const std::string& name) {
    const storage::TensorEntry* entry = file.find(name);
    return entry == nullptr ? Shape{} : entry->shape;
}

}  // namespace

WeightsLoader::WeightsLoader(const std::filesystem::path& path)
    : file_(storage::SafetensorsFile::open(path)) {}

std::vector<std::int64_t> WeightsLoader::shape(const std::string& name) const {
    return shape_in(file_, name);
}

torch::Tensor WeightsLoader::take(const std::string& name, const Shape& shape, bool wanted) {
    taken_.insert(name);
    const storage::TensorEntry* entry = file_.find(name);
    if (entry == nullptr) {
        missing_.push_back(name);
        return torch::zeros(shape);
    }
    if (entry->shape != shape) {
        problems_.push_back(name + " is " + text_of(entry->shape) + ", expected " + text_of(shape));
        return torch::zeros(shape);
    }
    if (!wanted) {
        return {};
    }
    // The vector lives as long as the tensor: large weights are not copied once more.
    auto values = std::make_shared<std::vector<float>>(file_.read_float(*entry));
    float* data = values->data();
    return torch::from_blob(
        data, shape, [values](void*) {}, torch::kFloat32);
}

std::vector<std::string> WeightsLoader::left(bool unused) const {
    std::vector<std::string> names;
    for (const storage::TensorEntry& entry : file_.tensors()) {
        if (taken_.count(entry.name) == 0 && storage::is_unused_tensor(entry) == unused) {
            names.push_back(entry.name);
        }
    }
    return names;
}

std::vector<std::string> WeightsLoader::skipped() const {
    return left(true);
}

void WeightsLoader::check(const std::string& backbone) const {
    const std::vector<std::string> foreign = left(false);
    if (missing_.empty() && problems_.empty() && foreign.empty()) {
        return;
    }
    std::string message =
        "weights file '" + file_.path().string() + "' does not fit the backbone " + backbone;
    if (!missing_.empty()) {
        message += "; it lacks " + listed(missing_);
    }
    if (!problems_.empty()) {
        message += "; " + listed(problems_);
    }
    if (!foreign.empty()) {
        message += "; " + backbone + " has no " + listed(foreign);
    }
    const std::string seen = storage::guess_architecture(file_.tensors()).backbone;
    message += seen.empty() ? "; give a file with the tensor names of timm or torchvision"
                            : "; the file seems to hold " + seen;
    throw sweeps::DataError(message);
}

}  // namespace harrow::worker
