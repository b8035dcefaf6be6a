#include "worker/methods/anomalyvfm/expert.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sweeps/error.hpp"
#include "sweeps/hashing.hpp"
#include "worker/methods/anomalyvfm/training.hpp"

namespace harrow::worker::anomalyvfm {
namespace {

/// Rows of maps that are adapted at a time: all of one image of 37 x 37 patches and some more.
constexpr std::int64_t kMapRows = 2048;

bool uses_scales(const sweeps::ModelConfig& config) {
    return parse_version(config.version) == Version::V1_3;
}

/// Whether layers have attention.
bool attends(const sweeps::ModelConfig& config) {
    const Version version = parse_version(config.version);
    return config.use_lora && (version == Version::V1_3 || version == Version::V1_4);
}

/// Whether batches are mixed, which needs attention.
bool mixes(const sweeps::ModelConfig& config) {
    return config.batch_mix_compat && attends(config);
}

/// Whether a feature's length depends on the batch.
bool flattens_batches(const sweeps::ModelConfig& config) {
    return mixes(config) && uses_scales(config);
}

SharedRows all_rows(const TaskData& data, SharedRows TaskClass::*view) {
    std::vector<SharedRows> parts;
    for (const TaskClass& one : data.classes) {
        parts.push_back(one.*view);
    }
    return concatenated_rows(std::move(parts));
}

std::string checksum_of(const torch::Tensor& values) {
    const torch::Tensor bytes = values.cpu().contiguous();
    return std::to_string(sweeps::checksum64(
        bytes.data_ptr(), static_cast<std::size_t>(bytes.numel()) * bytes.element_size()));
}

}  // namespace

std::vector<SetBatch> set_batches(std::int64_t size,
                                  const sweeps::ModelConfig& config,
                                  bool drop_rest) {
    const bool mixed = mixes(config);
    const bool fixed_length = !mixed || uses_scales(config);
    const std::int64_t length = mixed ? config.batch_mix_size : kBatchImages;
    std::vector<SetBatch> batches;
    for (std::int64_t first = 0; first < size; first += length) {
        SetBatch batch;
        batch.count = std::min(length, size - first);
        if (mixed && fixed_length && drop_rest && batch.count < length) {
            break;
        }
        std::int64_t begin = first;
        if (mixed && fixed_length) {  // filled by the images before it
            begin = first + batch.count - length;
            batch.first = length - batch.count;
        }
        batch.rows.resize(static_cast<std::size_t>(fixed_length ? length : batch.count));
        std::iota(batch.rows.begin(), batch.rows.end(), begin);
        for (std::int64_t& row : batch.rows) {
            // Fewer images than a batch: they are repeated.
            row = row < 0 ? (row % size + size) % size : std::min(row, size - 1);
        }
        batches.push_back(std::move(batch));
    }
    return batches;
}

void check_enough_images(const sweeps::TrialConfig& config, std::int64_t train_images) {
    if (train_images == 0 || set_batches(train_images, config.model, true).empty()) {
        throw sweeps::DataError(
            "a task has " + std::to_string(train_images) +
            " training images, fewer than one batch of " +
            std::to_string(config.model.batch_mix_size) +
            " that model.batch_mix_compat mixes; lower model.batch_mix_size or turn it off");
    }
}

AdapterModel empty_model(const sweeps::TrialConfig& config,
                         std::int64_t channels,
                         torch::Device device) {
    Initialiser init(0, "init", device), head(0, "init/head", device);
    return AdapterModel(config, channels, AdapterModel::Purpose::Scoring, init, head);
}

TrainedExpert::TrainedExpert(const sweeps::TrialConfig& config,
                             const AdapterModel& trained,
                             const TaskData& data,
                             std::uint64_t seed,
                             torch::Device device,
                             OnBatch on_batch)
    : config_(config),
      stream_("extraction/" + task_name(data) + "/"),
      seed_(seed),
      device_(device),
      model_(empty_model(config, data.features->geometry().channels, device)) {
    check_enough_images(config, data.features->size());
    if (!on_batch) {
        on_batch = [] {};
    }
    copy_tensors(trained, model_);
    const torch::NoGradGuard no_grad;
    fit_images(*data.features, on_batch);
    if (config_.model.maps == "patches") {
        fit_maps(data, on_batch);
    } else if (config_.model.maps == "crops") {
        fit_crops(*data.features, on_batch);
    }
}

TrainedExpert::TrainedExpert(const sweeps::TrialConfig& config,
                             const std::string& prefix,
                             const StateTensors& state,
                             const std::string& task,
                             std::int64_t channels,
                             std::uint64_t seed,
                             torch::Device device)
    : config_(config),
      stream_("extraction/" + task + "/"),
      seed_(seed),
      device_(device),
      model_(empty_model(config, channels, device)) {
    for (const NamedTensor& named : model_.named_tensors()) {
        restore_tensor(state, prefix + "model." + named.name, named.tensor);
    }
    for (std::size_t scale = 0; scale < model_.num_scales(); ++scale) {
        images_.push_back(Gaussian::restored(
            prefix + "images." + std::to_string(scale) + ".",
            state,
            flattens_batches(config.model) ? channels * config.model.batch_mix_size : channels,
            torch::kCPU));
    }
    if (config_.model.maps != "none") {
        maps_ = Gaussian::restored(prefix + "maps.", state, channels, device);
    }
    restore_attention(state, prefix + "attention");
}

void TrainedExpert::restore_attention(const StateTensors& state, const std::string& name) {
    if (!attends(config_.model)) {
        return;
    }
    const auto scales = static_cast<std::int64_t>(model_.num_scales());
    attention_ =
        state_tensor(state, name, torch::kFloat64, {uses_scales(config_.model) ? scales : 2})
            .clone();
}

void TrainedExpert::save(const std::string& prefix, StateTensors& state) const {
    for (const NamedTensor& named : model_.named_tensors()) {
        state[prefix + "model." + named.name] = named.tensor;
    }
    for (std::size_t scale = 0; scale < images_.size(); ++scale) {
        images_[scale].save(prefix + "images." + std::to_string(scale) + ".", state);
    }
    if (maps_) {
        maps_->save(prefix + "maps.", state);
    }
    if (attention_.defined()) {
        state[prefix + "attention"] = attention_;
    }
}

Dropout TrainedExpert::dropout_for(const std::string& what) const {
    return config_.model.extraction_dropout_compat ? Dropout(seed_, stream_ + what) : Dropout();
}

TrainedExpert::Vectors TrainedExpert::vectors_of(const FeatureRows& rows,
                                                 bool training,
                                                 const OnBatch& on_batch) const {
    std::vector<std::vector<torch::Tensor>> features(model_.num_scales());
    std::vector<torch::Tensor> attention;
    std::int64_t number = 0;
    for (const SetBatch& batch : set_batches(rows.size(), config_.model, training)) {
        Dropout dropout = dropout_for((training ? "train/" : "scored/") + std::to_string(number++));
        const AdapterModel::Adapted adapted =
            model_.adapted_images(rows.gather(batch.rows).squeeze(1).to(device_), dropout);
        for (std::size_t scale = 0; scale < features.size(); ++scale) {
            features[scale].push_back(
                adapted.features[scale].narrow(0, batch.first, batch.count).cpu());
        }
        if (adapted.attention.defined()) {
            attention.push_back(adapted.attention.narrow(0, batch.first, batch.count).cpu());
        }
        on_batch();
    }
    Vectors vectors;
    for (const std::vector<torch::Tensor>& parts : features) {
        vectors.features.push_back(torch::cat(parts));
    }
    if (!attention.empty()) {
        vectors.attention = torch::cat(attention).to(torch::kFloat64);
    }
    return vectors;
}

void TrainedExpert::fit_images(const FeatureRows& rows, const OnBatch& on_batch) {
    const Vectors vectors = vectors_of(rows, true, on_batch);
    for (const torch::Tensor& features : vectors.features) {
        images_.push_back(Gaussian::fitted(features));
        on_batch();
    }
    if (vectors.attention.defined()) {
        attention_ = summary_of(vectors.attention);
    }
}

torch::Tensor TrainedExpert::map_features(const torch::Tensor& rows, Dropout& dropout) const {
    std::vector<torch::Tensor> adapted;
    for (const torch::Tensor& part : rows.split(kMapRows, 0)) {
        adapted.push_back(unit_length(model_.adapted_rows(part.to(device_), dropout)));
    }
    return torch::cat(adapted);
}

void TrainedExpert::fit_maps(const TaskData& data, const OnBatch& on_batch) {
    const SharedRows rows = all_rows(data, &TaskClass::maps);
    CovarianceSums sums;
    for (std::int64_t first = 0; first < rows->size(); first += kBatchImages) {
        Dropout dropout = dropout_for("train.maps/" + std::to_string(first / kBatchImages));
        const std::int64_t present = std::min(kBatchImages, rows->size() - first);
        const torch::Tensor batch = rows->batch(first);
        const torch::Tensor adapted = map_features(batch.flatten(0, 2), dropout);
        sums.add(adapted.narrow(0, 0, present * batch.size(1) * batch.size(2)));
        on_batch();
    }
    maps_ = Gaussian::fitted(sums);
}

// Crops are measured against whole images, whose Gaussian there is already, unless the images'
// vectors were mixed or drawn.
void TrainedExpert::fit_crops(const FeatureRows& rows, const OnBatch& on_batch) {
    if (!mixes(config_.model) && !config_.model.extraction_dropout_compat) {
        maps_ = images_[model_.largest_scale()].on(device_);
        return;
    }
    std::vector<torch::Tensor> adapted;
    const auto scale = static_cast<std::int64_t>(model_.largest_scale());
    for (std::int64_t first = 0; first < rows.size(); first += kBatchImages) {
        Dropout dropout = dropout_for("train.maps/" + std::to_string(first / kBatchImages));
        const std::int64_t present = std::min(kBatchImages, rows.size() - first);
        adapted.push_back(map_features(rows.batch(first).squeeze(1).select(1, scale), dropout)
                              .narrow(0, 0, present));
        on_batch();
    }
    maps_ = Gaussian::fitted(torch::cat(adapted));
}

torch::Tensor TrainedExpert::summary_of(const torch::Tensor& attention) const {
    return uses_scales(config_.model) ? attention.mean(0)
                                      : torch::stack({attention.min(), attention.max()});
}

torch::Tensor TrainedExpert::score_images(const FeatureRows& images) const {
    if (images.size() == 0) {
        return torch::empty({0}, torch::kFloat64);
    }
    const torch::InferenceMode inference;
    const Vectors vectors = vectors_of(images, false, [] {});
    std::vector<torch::Tensor> columns;
    for (std::size_t scale = 0; scale < images_.size(); ++scale) {
        columns.push_back(images_[scale].scores(vectors.features[scale]));
    }
    return weighted(torch::stack(columns, 1), vectors.attention);
}

// `scores`: z-scores [N,scales].
torch::Tensor TrainedExpert::weighted(const torch::Tensor& scores,
                                      const torch::Tensor& attention) const {
    if (!attention.defined()) {
        return scores.mean(1);
    }
    const torch::Tensor summary =
        config_.model.attention_range == "test_compat" ? summary_of(attention) : attention_;
    if (uses_scales(config_.model)) {
        return scores.mv(summary / summary.sum());
    }
    const torch::Tensor span = summary[1] - summary[0];
    const torch::Tensor place = span.item<double>() > 0
                                    ? ((attention.select(1, 0) - summary[0]) / span).clamp(0, 1)
                                    : torch::zeros({attention.size(0)}, torch::kFloat64);
    const double weight = config_.model.attention_weight;
    return scores.select(1, 0) * (1 - weight + weight * place);
}

torch::Tensor TrainedExpert::score_maps(const torch::Tensor& features) const {
    const torch::InferenceMode inference;
    // Of a batch only its content is known here.
    Dropout dropout = config_.model.extraction_dropout_compat
                          ? dropout_for("maps/" + checksum_of(features))
                          : Dropout();
    std::vector<torch::Tensor> distances;
    for (const torch::Tensor& part : features.flatten(0, 2).split(kMapRows, 0)) {
        distances.push_back(maps_->squared_distances(map_features(part, dropout)));
    }
    return torch::cat(distances)
        .to(torch::kFloat32)
        .cpu()
        .view({features.size(0), features.size(1), features.size(2)});
}

}  // namespace harrow::worker::anomalyvfm
