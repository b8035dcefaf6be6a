#include "worker/methods/anomalyvfm/adapter_model.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "sweeps/error.hpp"

namespace harrow::worker::anomalyvfm {
namespace {

const std::string kHead = "head.";

std::int64_t share(std::int64_t channels, int divisor) {
    return std::max<std::int64_t>(1, channels / std::max(1, divisor));
}

std::vector<std::int64_t> whole_numbers(const sweeps::NumberList& numbers) {
    std::vector<std::int64_t> whole;
    for (const double number : numbers) {
        whole.push_back(std::llround(number));
    }
    return whole;
}

LayerOptions layer_options(const sweeps::ModelConfig& config, std::int64_t channels, int rank) {
    LayerOptions options;
    const Version version = parse_version(config.version);
    options.kind = version == Version::V1_3   ? LayerKind::ScaleAttention
                   : version == Version::V1_4 ? LayerKind::AttentionGuide
                                              : LayerKind::Plain;
    options.channels = channels;
    options.rank = rank;
    options.scale = config.lora_alpha / config.lora_rank;
    options.init_std = config.lora_init_std;
    options.dropout = config.lora_dropout;
    options.importance_dropout = config.attention_dropout;
    options.guide_hidden = share(channels, config.guide_reduction);
    options.importance_hidden = share(channels, config.importance_reduction);
    return options;
}

/// [B,B,D] -> [B,D]: the reference's mean over what the broadcast made of the batch.
torch::Tensor over_batch(const torch::Tensor& x) {
    return x.dim() == 3 ? x.mean(1) : x;
}

torch::Tensor over_layers(const std::vector<torch::Tensor>& attention) {
    return torch::stack(attention, 1).mean(1);
}

/// Normalised over what should have been the channels, as the reference does it.
torch::Tensor flattened_batch(const torch::Tensor& x) {
    return unit_length(x.transpose(1, 2)).transpose(1, 2).flatten(1);
}

/// `what` is wrong when shapes differ.
void copy_named(const AdapterModel& from,
                const AdapterModel& to,
                bool with_head,
                const std::string& what) {
    const torch::NoGradGuard no_grad;
    std::map<std::string, torch::Tensor> sources;
    for (const NamedTensor& named : from.named_tensors()) {
        sources[named.name] = named.tensor;
    }
    for (const NamedTensor& named : to.named_tensors()) {
        if (!with_head && named.name.compare(0, kHead.size(), kHead) == 0) {
            continue;
        }
        const auto source = sources.find(named.name);
        if (source == sources.end() || source->second.sizes() != named.tensor.sizes()) {
            throw sweeps::UsageError(what + " ('" + named.name + "')");
        }
        torch::Tensor target = named.tensor;
        target.copy_(source->second);
    }
}

}  // namespace

Version parse_version(const std::string& text) {
    const std::map<std::string, Version> versions = {{"1.1", Version::V1_1},
                                                     {"1.2", Version::V1_2},
                                                     {"1.3", Version::V1_3},
                                                     {"1.4", Version::V1_4}};
    const auto found = versions.find(text);
    if (found == versions.end()) {
        throw sweeps::UsageError("model.version is '" + text + "'; use 1.1, 1.2, 1.3 or 1.4");
    }
    return found->second;
}

std::vector<int> scale_sides(const sweeps::DataConfig& config) {
    std::vector<int> sides;
    for (const std::int64_t side : whole_numbers(config.scales)) {
        sides.push_back(side > 0 ? static_cast<int>(side) : config.image_size);
    }
    return sides.empty() ? std::vector<int>{config.image_size} : sides;
}

int rank_of_scale(const sweeps::ModelConfig& config, int side) {
    if (parse_version(config.version) != Version::V1_3) {
        return config.lora_rank;
    }
    return std::max(config.scale_rank_min, config.lora_rank * side / config.scale_rank_base);
}

void check_config(const sweeps::TrialConfig& config, std::int64_t channels) {
    const Version version = parse_version(config.model.version);
    const std::size_t scales = scale_sides(config.data).size();
    if (scales > 1 && version != Version::V1_3) {
        throw sweeps::UsageError("data.scales has " + std::to_string(scales) +
                                 " scales, of which only model.version 1.3 makes use; leave it " +
                                 "out or choose that version");
    }
    const bool attends = version == Version::V1_3 || version == Version::V1_4;
    if (config.model.use_lora && attends && channels % config.model.attention_heads != 0) {
        throw sweeps::UsageError("model.attention_heads is " +
                                 std::to_string(config.model.attention_heads) +
                                 ", which does not divide the features' " +
                                 std::to_string(channels) + " channels; choose a divisor");
    }
}

AdapterModel::AdapterModel(const sweeps::TrialConfig& config,
                           std::int64_t channels,
                           Purpose purpose,
                           Initialiser& init,
                           Initialiser& head)
    : version_(parse_version(config.model.version)), mix_batch_(config.model.batch_mix_compat) {
    check_config(config, channels);
    const sweeps::ModelConfig& model = config.model;
    const std::vector<int> sides = scale_sides(config.data);
    num_scales_ = sides.size();
    largest_scale_ = static_cast<std::size_t>(
        std::distance(sides.begin(), std::max_element(sides.begin(), sides.end())));
    if (!model.use_lora) {
        return;
    }
    for (const int side : sides) {
        cascades_.emplace_back(
            layer_options(model, channels, rank_of_scale(model, side)), model.lora_layers, init);
    }
    if (version_ == Version::V1_4) {
        analyzer_.emplace(channels, model.attention_heads, model.final_attention_hidden, init);
    }
    if (purpose == Purpose::Scoring) {
        return;
    }
    if (version_ == Version::V1_3) {
        fusion_.emplace(channels,
                        static_cast<std::int64_t>(num_scales_),
                        model.attention_heads,
                        model.attention_dropout,
                        init);
    }
    head_.emplace(channels, whole_numbers(model.head_hidden), model.head_dropout, head);
}

Cascade::Output AdapterModel::cascade(const torch::Tensor& images,
                                      std::size_t scale,
                                      Dropout& dropout) const {
    return cascades_[scale](
        images.select(1, static_cast<std::int64_t>(scale)), mix_batch_, dropout);
}

AdapterModel::Adapted AdapterModel::adapted_images(const torch::Tensor& images,
                                                   Dropout& dropout) const {
    Adapted adapted;
    std::vector<torch::Tensor> attention;
    for (std::size_t scale = 0; scale < num_scales_; ++scale) {
        if (!has_layers()) {
            adapted.features.push_back(
                unit_length(images.select(1, static_cast<std::int64_t>(scale))));
            continue;
        }
        const Cascade::Output output = cascade(images, scale, dropout);
        if (analyzer_) {
            const torch::Tensor feature = analyze(output, attention);
            adapted.features.push_back(unit_length(feature));
            continue;
        }
        const torch::Tensor& last = output.layers.back();
        adapted.features.push_back(last.dim() == 3 ? flattened_batch(last) : unit_length(last));
        if (version_ == Version::V1_3) {
            attention.push_back(over_layers(output.attention));
        }
    }
    if (!attention.empty()) {
        adapted.attention = torch::stack(attention, 1);
    }
    return adapted;
}

torch::Tensor AdapterModel::analyze(const Cascade::Output& output,
                                    std::vector<torch::Tensor>& attention) const {
    std::vector<torch::Tensor> layers;
    for (const torch::Tensor& layer : output.layers) {
        layers.push_back(over_batch(layer));
    }
    const LayerAnalyzer::Output analyzed = (*analyzer_)(layers, output.attention);
    attention.push_back(analyzed.attention);
    return analyzed.feature;
}

torch::Tensor AdapterModel::training_feature(const torch::Tensor& images, Dropout& dropout) const {
    std::vector<torch::Tensor> features, attention;
    for (std::size_t scale = 0; scale < num_scales_; ++scale) {
        const Cascade::Output output = cascade(images, scale, dropout);
        if (analyzer_) {
            return analyze(output, attention);
        }
        features.push_back(over_batch(output.layers.back()));
        if (fusion_) {
            attention.push_back(over_layers(output.attention));
        }
    }
    return fusion_ ? (*fusion_)(features, attention, dropout) : features.front();
}

torch::Tensor AdapterModel::logits(const torch::Tensor& images, Dropout& dropout) const {
    return (*head_)(training_feature(images, dropout), dropout);
}

torch::Tensor AdapterModel::adapted_rows(const torch::Tensor& rows, Dropout& dropout) const {
    if (!has_layers()) {
        return rows;
    }
    const Cascade::Output output = cascades_[largest_scale_](rows, false, dropout);
    return analyzer_ ? (*analyzer_)(output.layers, output.attention).feature : output.layers.back();
}

void AdapterModel::collect_layers(NamedTensors& tensors) const {
    for (std::size_t scale = 0; scale < cascades_.size(); ++scale) {
        cascades_[scale].collect("lora." + std::to_string(scale) + ".", tensors);
    }
    if (fusion_) {
        fusion_->collect("fusion.", tensors);
    }
    if (head_) {
        head_->collect(kHead, tensors);
    }
}

NamedTensors AdapterModel::named_tensors() const {
    NamedTensors tensors;
    collect_layers(tensors);
    if (analyzer_) {
        analyzer_->collect("analyzer.", tensors);
    }
    return tensors;
}

std::vector<torch::Tensor> AdapterModel::trained_tensors() const {
    NamedTensors tensors;
    collect_layers(tensors);
    if (analyzer_) {
        analyzer_->collect_trained("analyzer.", tensors);
    }
    std::vector<torch::Tensor> trained;
    for (const NamedTensor& named : tensors) {
        trained.push_back(named.tensor);
    }
    return trained;
}

std::int64_t AdapterModel::num_trained() const {
    std::int64_t count = 0;
    for (const torch::Tensor& tensor : trained_tensors()) {
        count += tensor.numel();
    }
    return count;
}

void carry_over(const AdapterModel& from, const AdapterModel& to) {
    copy_named(
        from,
        to,
        false,
        "model.carry_over_compat: a task's layers do not have the shape of those of the task "
        "before; give all classes one rank");
}

void copy_tensors(const AdapterModel& from, const AdapterModel& to) {
    copy_named(
        from, to, true, "a task's trained layers do not have the shape its configuration asks for");
}

}  // namespace harrow::worker::anomalyvfm
