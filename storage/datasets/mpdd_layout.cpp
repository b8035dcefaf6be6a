#include "storage/datasets/layout_readers.hpp"

namespace harrow::storage {

/// Jezek et al., "Deep learning-based defect detection of metal parts", ICUMT 2021: the folders of
/// MVTec AD; a defective image without a mask file has an all-zero mask.
void list_mpdd(ListingBuilder& builder) {
    list_class_folders(builder, MissingMask::Zero);
}

}  // namespace harrow::storage
