#include "storage/datasets/table_layout.hpp"

namespace harrow::storage {

/// Zou et al., "SPot-the-Difference self-supervised pre-training for anomaly detection and
/// segmentation", ECCV 2022: the split file 1cls.csv of the official one-class protocol.
void list_visa(ListingBuilder& builder) {
    namespace fs = std::filesystem;
    std::filesystem::path root = builder.root();
    if (!root.has_filename()) {  // "DIR/"
        root = root.parent_path();
    }
    fs::path csv = root / "split_csv" / "1cls.csv";
    std::error_code ignored;
    if (!fs::exists(csv, ignored) && fs::exists(root / "1cls.csv", ignored)) {
        csv = root / "1cls.csv";
        root = fs::absolute(root, ignored).lexically_normal().parent_path();
    }
    if (!fs::is_regular_file(csv, ignored)) {
        builder.problem("no split file " + csv.string() +
                        "; set data.root to the folder that holds split_csv/1cls.csv");
        return;
    }
    builder.set_root(root);
    list_table(builder, csv, {"image", "object", "split", "label", "mask"});
}

}  // namespace harrow::storage
