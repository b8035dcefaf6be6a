#include "storage/datasets/table_layout.hpp"
#include "storage/files.hpp"

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
    FileLook look = look_at_file(csv);
    if (look.presence == FileLook::Presence::Absent) {
        const FileLook inside = look_at_file(root / "1cls.csv");
        if (inside.presence != FileLook::Presence::Absent) {
            std::error_code ignored;
            csv = root / "1cls.csv";
            root = fs::absolute(root, ignored).lexically_normal().parent_path();
            look = inside;
        }
    }
    if (look.presence != FileLook::Presence::Regular) {
        builder.problem("the split file " + csv.string() + " " + look.why +
                        "; set data.root to the folder that holds split_csv/1cls.csv");
        return;
    }
    builder.set_root(root);
    list_table(builder, csv, {"image", "object", "split", "label", "mask"});
}

}  // namespace harrow::storage
