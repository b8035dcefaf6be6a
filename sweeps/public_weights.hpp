#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harrow::sweeps {

/// One published weights file that fits a backbone.
struct PublicWeights {
    std::string_view backbone;  ///< backbone.name
    std::string_view tag;       ///< Hugging Face repository
    std::string_view file;      ///< in that repository
    std::string_view sha256;    ///< 64 lower-case hexadecimal digits; empty: not known
    /// The publisher's .pth files with the same tensors: first 8 digits of their SHA-256, which
    /// stand in their names, separated by spaces. Harrow does not read those files.
    std::string_view checkpoints;
    std::string_view note;  ///< what sets it apart; may be empty
};

/// Every file known, grouped by backbone, the recommended one first.
const std::vector<PublicWeights>& public_weights();

/// Those of one backbone, the recommended one first; empty for a name without any.
std::vector<const PublicWeights*> public_weights_of(std::string_view backbone);

/// By the SHA-256 of the file; null when it is none of them (or one whose digest is not known).
const PublicWeights* public_weights_by_digest(std::string_view sha256);

/// By the SHA-256 of a .pth file whose first 8 digits a publisher put into its name; else null.
const PublicWeights* public_weights_by_checkpoint(std::string_view sha256);

/// https://huggingface.co/<tag>
std::string page_of(const PublicWeights& weights);

/// "model.safetensors of timm/resnet18.a1_in1k (https://…; the bare timm name)".
std::string download_text(const PublicWeights& weights);

/// What to do when a backbone has no weights file: which to get, where, what to set.
std::string weights_advice(std::string_view backbone);

}  // namespace harrow::sweeps
