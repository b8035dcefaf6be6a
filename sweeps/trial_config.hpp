#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace harrow::sweeps {

/// Everything that decides a trial's result but its seed. The member initialisers are the only
/// place where a default is written; range, unit, help, stage and source stand in parameters.cpp.
struct DataConfig {
    std::string layout = "mvtec";
    std::string root;                  ///< locator: what it holds enters the keys, not its path
    std::vector<std::string> classes;  ///< empty: all classes found
    int image_size = 224;
    std::string resize = "shorter_side";
};

struct SequenceConfig {
    std::string scenario = "1-1";
    std::vector<std::string> order = {
        "alphabetical"};  ///< one rule's name, or the classes themselves
    std::int64_t order_seed = 0;
};

struct BackboneConfig {
    std::string name = "filterbank";
    std::string weights;                                      ///< locator; unused by filterbank
    int embed_dim = 0;                                        ///< 0: the backbone's own
    std::vector<std::string> layers = {"layer2", "layer3"};   ///< the first gives the grid
    std::vector<std::string> blocks = {"1", "3", "5", "11"};  ///< from 0
    std::string feature = "patches";
    int stride = 8;  ///< of a TorchScript file's first map
    std::string normalization = "recipe";
    std::string projection = "none";
    std::int64_t projection_seed = 0;
    std::string precision = "float32";
    std::string feature_dtype = "float16";
};

struct TrainConfig {
    double lr = 3e-4;
    int num_epochs = 60;
    int batch_size = 16;
    std::string optimizer = "adamp";
    double weight_decay = 0.01;        ///< of AdamP
    double adamw_weight_decay = 1e-4;  ///< of AdamW
    int warmup_epochs = 2;
    double min_lr_ratio = 0.01;
    double grad_clip = 0.5;
    bool tail_aware_loss = true;
    double tail_weight = 0.7;
    double tail_top_k_ratio = 0.02;
    double lambda_logdet = 1e-4;
};

struct ModelConfig {
    int num_coupling_layers = 8;
    std::string clamp_variant = "head";
    int lora_rank = 64;
    double lora_alpha = 1.0;
    bool use_lora = true;
    bool use_task_bias = true;
    bool unfreeze_base = false;
    std::string adapter = "whitening";
    bool pos_embedding = true;
    std::string spatial_context_mode = "depthwise_residual";
    int spatial_context_kernel = 3;
    bool use_scale_context = true;
    int scale_context_kernel = 5;
    double scale_context_init_scale = 0.1;
    double scale_context_max_alpha = 0.2;
    int dia_n_blocks = 4;
    double dia_hidden_ratio = 0.5;
};

struct RouterConfig {
    std::string distance = "mahalanobis";
};

struct ScoreConfig {
    std::string aggregation = "top_k";
    int top_k = 3;
    double percentile = 0.99;
    double top_k_percent = 0.05;
    double cluster_weight = 0.5;
    double cluster_high_score_percentile = 0.9;
    double cluster_top_k_ratio = 0.02;
    int map_size = 224;
    double smoothing_sigma = 4.0;
    double aupro_limit = 0.3;
    bool nan_compat = false;
};

/// Images to select a configuration by without a look at the test images.
struct ValidationConfig {
    double holdout = 0.0;  ///< share of each class's training images; 0: none
    std::string synthetic = "none";
};

/// A rehearsal: waits instead of training.
struct NoopConfig {
    double seconds = 0.0;
    int tasks = 1;
};

struct TrialConfig {
    std::string method = "moleflow";
    DataConfig data;
    SequenceConfig sequence;
    BackboneConfig backbone;
    TrainConfig train;
    ModelConfig model;
    RouterConfig router;
    ScoreConfig score;
    ValidationConfig validation;
    NoopConfig noop;
};

}  // namespace harrow::sweeps
