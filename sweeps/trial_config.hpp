#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace harrow::sweeps {

/// A list of numbers; of ranges as pairs: low, high, low, high, …
using NumberList = std::vector<double>;

/// Everything that decides a trial's result but its seed. The member initialisers are the only
/// place where a default is written, but for what method_defaults() changes for a method; range,
/// unit, help, stage and source stand in parameter_table.cpp and its parts.
struct DataConfig {
    std::string layout = "mvtec";
    std::string root;                  ///< locator: what it holds enters the keys, not its path
    std::vector<std::string> classes;  ///< empty: all classes found
    int image_size = 224;
    std::string resize = "shorter_side";
    NumberList scales = {0};  ///< sides an image is shrunk to before image_size; 0: not at all
    int load_size = 0;        ///< side of the square that is shrunk; 0: image_size
    int crop_size = 0;        ///< side of the crops an image is cut into; 0: none
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
    std::string sampling = "shuffled";
    double confidence_weight = 0.0;
    double confidence_temperature = 0.1;
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

    // Of AnomalyVFM.
    std::string version = "1.1";
    int lora_layers = 3;
    double lora_dropout = 0.1;
    double lora_init_std = 0.01;
    NumberList head_hidden = {512, 256};
    double head_dropout = 0.1;
    int guide_reduction = 4;          ///< D divided by it is the hidden width of the attention
    int importance_reduction = 2;     ///< 1.4
    int final_attention_hidden = 64;  ///< 1.4
    int attention_heads = 8;          ///< 1.3, 1.4
    double attention_dropout = 0.1;   ///< 1.3's fusion, 1.4's importance
    double attention_weight = 0.3;    ///< 1.4
    std::string attention_range = "train";
    int scale_rank_base = 256;  ///< 1.3: rank of a scale is lora_rank * scale / this
    int scale_rank_min = 8;     ///< 1.3
    std::string maps = "none";
    bool batch_mix_compat = false;
    int batch_mix_size = 8;
    bool extraction_dropout_compat = false;
    bool carry_over_compat = false;
};

/// The anomalies AnomalyVFM is trained with. Counts and ranges are one for all resolutions or one
/// per resolution; ranges of whole numbers leave their upper bound out, equal bounds are that
/// value.
struct SyntheticConfig {
    std::int64_t seed = -1;  ///< -1: the trial's
    int normal_images = 50;
    std::string train_pixels = "denormalised";
    NumberList resolutions = {0};  ///< sides at which anomalies are made; 0: as the image is loaded
    NumberList texture = {30};
    NumberList structural = {30};
    NumberList contextual = {30};
    std::vector<std::string> texture_kinds = {"gaussian"};
    NumberList texture_patches = {1, 1};
    NumberList texture_side = {50, 150};
    NumberList noise = {30, 30};
    double salt_pepper_share = 0.1;
    int blur_kernel = 15;
    std::vector<std::string> structural_kinds = {"circle", "rectangle", "line"};
    NumberList circle_radius = {20, 80};
    NumberList rectangle_side = {50, 150};
    NumberList line_thickness = {5, 20};
    NumberList lines = {1, 1};
    NumberList polygon_vertices = {6, 12};
    NumberList polygon_radius = {20, 80};
    int shape_base = 0;  ///< shapes are scaled by resolution / this; 0: they are not
    NumberList contextual_side = {100, 200};
    NumberList blend = {0.7, 0.7};
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
    double threshold_deviations = 3.0;
    bool aucpro_compat = false;
    int aucpro_thresholds = 100;
    bool aucpro_rescale = true;
    int aucpro_images = 0;  ///< the first of them that are defective; 0: all
};

/// Images to select a configuration by without a look at the test images.
struct ValidationConfig {
    double holdout = 0.0;  ///< share of each class's training images; 0: none
    std::string synthetic = "none";
    bool use_split = false;  ///< the data set's own split `validation`
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
    SyntheticConfig synthetic;
    /// What a parameter is for one class: "train.lr=8e-05@fabric", sorted.
    std::vector<std::string> per_class;
    NoopConfig noop;
};

}  // namespace harrow::sweeps
