#include "storage/datasets/table_layout.hpp"

namespace harrow::storage {

void list_csv(ListingBuilder& builder) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    fs::path csv = builder.root();
    if (fs::is_directory(csv, ignored)) {
        csv /= "dataset.csv";
    } else {
        builder.set_root(csv.has_parent_path() ? csv.parent_path() : fs::path("."));
    }
    if (!fs::is_regular_file(csv, ignored)) {
        builder.problem("no file " + csv.string() +
                        "; set data.root to the folder that holds dataset.csv, or to another "
                        ".csv file");
        return;
    }
    list_table(builder, csv, {"path", "class", "split", "label", "mask"});
}

}  // namespace harrow::storage
