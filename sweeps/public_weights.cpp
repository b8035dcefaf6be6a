#include "sweeps/public_weights.hpp"

#include <algorithm>
#include <iterator>

namespace harrow::sweeps {
namespace {

constexpr std::string_view kFile = "model.safetensors";
constexpr std::string_view kBare = "the bare timm name";
constexpr std::string_view kBareReference = "the bare timm name; what the reference used";
constexpr std::string_view kTorchvision1 = "torchvision's v1 weights";
constexpr std::string_view kTorchvision2 = "torchvision's v2 weights";
constexpr std::string_view kTimmNames = "timm's names";
constexpr std::string_view kTransformersNames = "transformers' names";

// Digests are those that public repositories pin for a revision of the file on Hugging Face, where
// the page of a file shows its SHA-256 (Git LFS). An empty digest was not found in
// public. 8-digit prefixes are from the file names in timm/models/resnet.py and
// torchvision/models/resnet.py.
constexpr PublicWeights kAll[] = {
    // Pinned at revision 491b427b45c94c7fb0e78b5474cc919aff584bbf, and in ferrotorch
    // (ferrotorch-hub/src/registry.rs), as are resnet34.a1 and resnet50.a1.
    {"resnet18",
     "timm/resnet18.a1_in1k",
     kFile,
     "80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612",
     "d63eafa0",
     kBare},
    // bkc39/rktorch pins the tv_in1k files of resnet18 (revision bbd144b3e556), resnet34
    // (1b7b21cca82f) and resnet50 (78f3ecfdb38e).
    {"resnet18",
     "timm/resnet18.tv_in1k",
     kFile,
     "694f673df6520a3158624e8a89af086f59923ee4cd7436fe5bc3bc71d295ad81",
     "f37072fd 5c106cde",
     kTorchvision1},
    {"resnet34",
     "timm/resnet34.a1_in1k",
     kFile,
     "829a220f9529d2b1ffdc8719d3273463001e0daf411eaf1916865d9db62c0ed2",
     "46f8f793",
     kBare},
    {"resnet34",
     "timm/resnet34.tv_in1k",
     kFile,
     "0bb82595a564991a9d424708b33f5d843f5aaed7f6c0886ff10849ff97022235",
     "b627a593 333f7ec4",
     kTorchvision1},
    {"resnet50",
     "timm/resnet50.a1_in1k",
     kFile,
     "773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",
     "14fe96d1",
     kBare},
    {"resnet50",
     "timm/resnet50.tv_in1k",
     kFile,
     "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888",
     "0676ba61 19c8e357",
     kTorchvision1},
    {"resnet50", "timm/resnet50.tv2_in1k", kFile, "", "11ad3fa6", kTorchvision2},
    {"resnet101", "timm/resnet101.a1h_in1k", kFile, "", "36d3f2aa", kBare},
    {"resnet101", "timm/resnet101.tv_in1k", kFile, "", "63fe2227 5d3b4d8f", kTorchvision1},
    {"resnet101", "timm/resnet101.tv2_in1k", kFile, "", "cd907fc2", kTorchvision2},
    // pythondever/easy_trainer, builder/pretrained-assets.txt; revision 30f73aceaaa1.
    {"wide_resnet50_2",
     "timm/wide_resnet50_2.racm_in1k",
     kFile,
     "03b71d65fb2c73bb0de079a1781009f27a782ec481d2f64ab3bde9b1cdec3000",
     "8234f177",
     kBareReference},
    // Revision 343c5fa59ca8a131e0cdf42144a641b36a0387c2.
    {"wide_resnet50_2",
     "timm/wide_resnet50_2.tv_in1k",
     kFile,
     "df6fb6c4824769769de18e14088475fd6ee94236849aa4e5d8022ba9d9a9a16c",
     "95faca4d",
     kTorchvision1},
    {"wide_resnet50_2", "timm/wide_resnet50_2.tv2_in1k", kFile, "", "9ba9bcbe", kTorchvision2},
    {"wide_resnet101_2", "timm/wide_resnet101_2.tv_in1k", kFile, "", "32ee1156", kBare},
    {"wide_resnet101_2", "timm/wide_resnet101_2.tv2_in1k", kFile, "", "d733dc28", kTorchvision2},
    // LibreYOLO's provenance of LibreViT: revisions 7e2c55630205 (small), 063c6c38a5d8 (base),
    // 0930ab3308b8 (large).
    {"vit_small_patch16_224",
     "timm/vit_small_patch16_224.augreg_in21k_ft_in1k",
     kFile,
     "79c03c635cdfd798a364a9d8c4e5c0b7255b975ea2c9616046d4f77ab01435aa",
     "",
     kBare},
    {"vit_base_patch16_224",
     "timm/vit_base_patch16_224.augreg2_in21k_ft_in1k",
     kFile,
     "32aa17d6e17b43500f531d5f6dc9bc93e56ed8841b8a75682e1bb295d722405b",
     "",
     kBareReference},
    {"vit_large_patch16_224",
     "timm/vit_large_patch16_224.augreg_in21k_ft_in1k",
     kFile,
     "109390825a5bada2864f1b74445a63d29c51ef079c349644bc98996c452f6cf1",
     "",
     kBare},
    {"vit_small_patch16_384",
     "timm/vit_small_patch16_384.augreg_in21k_ft_in1k",
     kFile,
     "",
     "",
     kBare},
    {"vit_base_patch16_384",
     "timm/vit_base_patch16_384.augreg_in21k_ft_in1k",
     kFile,
     "",
     "",
     kBare},
    {"vit_large_patch16_384",
     "timm/vit_large_patch16_384.augreg_in21k_ft_in1k",
     kFile,
     "",
     "",
     kBare},
    // timm: revisions 4610ca143709 (small), 4685c99dabff (base), 4741e1cafbf4 (large),
    // 3b06466a5548 (base with registers). facebook: ed25f3a31f01 (small), f9e44c814b77 (base),
    // 47b73eefe95e (large). Several public repositories pin each alike; timm's large one and
    // the one with registers were found once, with size and revision.
    {"dinov2_vits14",
     "timm/vit_small_patch14_dinov2.lvd142m",
     kFile,
     "04d27f3400d059fc0cfd7d17dd1909a75bf3ea8fb3eeb48b97cb99e57ee20081",
     "",
     kTimmNames},
    {"dinov2_vits14",
     "facebook/dinov2-small",
     kFile,
     "ae1e99fcefd534ed978cdeb8326f08030c96e28b7a81ffcbc98a857c84d14be1",
     "",
     kTransformersNames},
    {"dinov2_vitb14",
     "timm/vit_base_patch14_dinov2.lvd142m",
     kFile,
     "55cbb5d887b336d430e649c277b85a1429e724871f9d02ac16203235886d8c7b",
     "",
     kTimmNames},
    {"dinov2_vitb14",
     "facebook/dinov2-base",
     kFile,
     "d73036b56966966d07975d696bde331762f37297e2f095de8cea0040c3aa0841",
     "",
     kTransformersNames},
    {"dinov2_vitl14",
     "timm/vit_large_patch14_dinov2.lvd142m",
     kFile,
     "0424a5d1b515278cba3c6640ccbeaacc41de59d3a93df0dd5e494285eea2b355",
     "",
     kTimmNames},
    {"dinov2_vitl14",
     "facebook/dinov2-large",
     kFile,
     "399fba97a95f22c36834418bc69373364a99af3a1153da1c0fb31db567c92e23",
     "",
     kTransformersNames},
    {"dinov2_vits14_reg", "timm/vit_small_patch14_reg4_dinov2.lvd142m", kFile, "", "", kTimmNames},
    {"dinov2_vits14_reg",
     "facebook/dinov2-with-registers-small",
     kFile,
     "",
     "",
     kTransformersNames},
    {"dinov2_vitb14_reg",
     "timm/vit_base_patch14_reg4_dinov2.lvd142m",
     kFile,
     "c24ecfb4a1d8ca79193f6b9efcffc461872a09ddac43a0931357e4802931a006",
     "",
     kTimmNames},
    {"dinov2_vitb14_reg", "facebook/dinov2-with-registers-base", kFile, "", "", kTransformersNames},
    {"dinov2_vitl14_reg", "timm/vit_large_patch14_reg4_dinov2.lvd142m", kFile, "", "", kTimmNames},
    {"dinov2_vitl14_reg",
     "facebook/dinov2-with-registers-large",
     kFile,
     "",
     "",
     kTransformersNames},
};

}  // namespace

const std::vector<PublicWeights>& public_weights() {
    static const std::vector<PublicWeights> list(std::begin(kAll), std::end(kAll));
    return list;
}

std::vector<const PublicWeights*> public_weights_of(std::string_view backbone) {
    std::vector<const PublicWeights*> found;
    for (const PublicWeights& weights : public_weights()) {
        if (weights.backbone == backbone) {
            found.push_back(&weights);
        }
    }
    return found;
}

const PublicWeights* public_weights_by_digest(std::string_view sha256) {
    const auto& all = public_weights();
    const auto found = std::find_if(all.begin(), all.end(), [&](const PublicWeights& weights) {
        return !weights.sha256.empty() && weights.sha256 == sha256;
    });
    return found == all.end() ? nullptr : &*found;
}

const PublicWeights* public_weights_by_checkpoint(std::string_view sha256) {
    constexpr std::size_t kPrefixDigits = 8;
    if (sha256.size() < kPrefixDigits) {
        return nullptr;
    }
    const std::string_view prefix = sha256.substr(0, kPrefixDigits);
    const auto& all = public_weights();
    const auto found = std::find_if(all.begin(), all.end(), [&](const PublicWeights& weights) {
        return weights.checkpoints.find(prefix) != std::string_view::npos;
    });
    return found == all.end() ? nullptr : &*found;
}

std::string page_of(const PublicWeights& weights) {
    return "https://huggingface.co/" + std::string(weights.tag);
}

std::string download_text(const PublicWeights& weights) {
    return std::string(weights.file) + " of " + std::string(weights.tag) + " (" + page_of(weights) +
           (weights.note.empty() ? "" : "; " + std::string(weights.note)) + ")";
}

std::string weights_advice(std::string_view backbone) {
    const std::vector<const PublicWeights*> known = public_weights_of(backbone);
    if (backbone == "torchscript") {
        return "set backbone.weights to a program that torch.jit.save wrote";
    }
    if (known.empty()) {
        return "set backbone.weights to the weights file of " + std::string(backbone);
    }
    std::string others;
    for (std::size_t i = 1; i < known.size(); ++i) {
        others += (i == 1 ? "; also " : ", ") + std::string(known[i]->tag);
    }
    return "download " + download_text(*known.front()) + others +
           ", and set backbone.weights to its path";
}

}  // namespace harrow::sweeps
