#include "storage/datasets/table_layout.hpp"
#include "storage/files.hpp"

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
    const FileLook look = look_at_file(csv);
    if (look.presence != FileLook::Presence::Regular) {
        builder.problem("the list " + csv.string() + " " + look.why +
                        "; set data.root to the folder that holds dataset.csv, or to another "
                        ".csv file");
        return;
    }
    list_table(builder, csv, {"path", "class", "split", "label", "mask"});
}

}  // namespace harrow::storage
