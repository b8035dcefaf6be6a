#pragma once

#include <map>
#include <vector>

#include "worker/backbones/loaded_backbone.hpp"

namespace harrow::worker {

class WeightsLoader;

/// Vision transformers with pre-norm blocks, of timm's ViT and DINOv2 (layer scale, registers), up
/// to the last block wanted. Tensor names as in timm, for DINOv2 also as in Hugging Face's
/// transformers. LayerNorm with epsilon 1e-6, exact GELU. Position embeddings are resampled to the
/// image's grid. With precision bfloat16 matrix products run in it; sums, norms and softmax stay
/// float32.
class VisionTransformer : public LoadedBackbone {
public:
    /// Throws sweeps::UsageError and sweeps::DataError as make_backbone.
    VisionTransformer(const sweeps::BackboneArchitecture& architecture,
                      const sweeps::BackboneConfig& config,
                      torch::Device device);

    torch::Tensor extract(const torch::Tensor& images) override;
    /// Outputs of `backbone.blocks` in their order, [B,T,C] float32 without a final norm: class
    /// token, registers, then the patches row by row.
    std::vector<torch::Tensor> activations(const torch::Tensor& images) const;
    /// Tensors of the file that no feature needs.
    const std::vector<std::string>& skipped_tensors() const { return skipped_; }

private:
    struct Linear {
        torch::Tensor weight;  ///< [out,in]
        torch::Tensor bias;    ///< [out]
    };
    struct Norm {
        torch::Tensor weight;
        torch::Tensor bias;
    };
    struct Block {
        Norm attention_norm;
        Linear qkv;  ///< query, key and value, one below the other
        Linear attention_out;
        torch::Tensor attention_scale;  ///< undefined without layer scale
        Norm mlp_norm;
        Linear mlp_in;
        Linear mlp_out;
        torch::Tensor mlp_scale;
    };

    bool is_scaled() const { return architecture().family == sweeps::BackboneFamily::DinoV2; }
    std::int64_t num_prefix_tokens() const { return 1 + architecture().registers; }

    Linear load_linear(WeightsLoader& file,
                       const std::string& name,
                       std::int64_t outputs,
                       std::int64_t inputs,
                       bool wanted) const;
    Linear load_qkv(WeightsLoader& file, const std::string& prefix, bool wanted) const;
    Norm load_norm(WeightsLoader& file, const std::string& name, bool wanted) const;
    void load_embeddings(WeightsLoader& file);
    void load_positions(WeightsLoader& file, const std::string& name, bool with_class_token);
    Block load_block(WeightsLoader& file, int index, bool wanted) const;
    void draw_projections();

    /// [B,N,C] float32 without positions.
    torch::Tensor patches(const torch::Tensor& images) const;
    /// What the first block sees.
    torch::Tensor embedded(const torch::Tensor& images) const;
    torch::Tensor apply(const Linear& layer, const torch::Tensor& values) const;
    torch::Tensor apply(const Norm& norm, const torch::Tensor& tokens) const;
    torch::Tensor attention(const Block& block, const torch::Tensor& tokens) const;
    torch::Tensor apply(const Block& block, const torch::Tensor& tokens) const;
    /// All tokens after the last norm, [B,T,C]; without class token, registers and positions where
    /// backbone.feature says so.
    torch::Tensor normed_tokens(const torch::Tensor& images) const;

    bool is_timm_ = true;
    Linear patch_embedding_;     ///< weight [C,3,p,p]
    torch::Tensor prefix_;       ///< [1,1+registers,C]: class token with its position, registers
    torch::Tensor positions_;    ///< [1,n*n,C] of the training's grid
    std::vector<Block> blocks_;  ///< up to the last one wanted
    Norm final_norm_;            ///< undefined where only blocks are wanted
    std::vector<Linear> projections_;  ///< one per wanted block, or none
    std::vector<std::string> skipped_;
};

}  // namespace harrow::worker
