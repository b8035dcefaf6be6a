#include "storage/patch_scores.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "storage/file_seal.hpp"
#include "storage/files.hpp"
#include "storage/hdf5.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

/// Of scores that are made of maps; a Harrow that knows no other reads them.
constexpr std::int64_t kMapsVersion = 1;
/// With image scores, or images of the split `validation`.
constexpr std::int64_t kFormatVersion = 2;
constexpr std::int64_t kMaxClasses = 100000;
constexpr std::int64_t kMaxSize = 1LL << 31;    // of one dimension
constexpr std::int64_t kMaxValues = 1LL << 40;  // of one array

constexpr const char* kClasses = "classes";
// Groups and an array that most files do not have.
constexpr const char* kValidation = "validation";
constexpr const char* kValidationSplit = "validation_split";
constexpr const char* kImageScores = "image_scores";

std::string group_of(const std::string& parent, std::size_t index) {
    return parent + "/" + std::to_string(index);
}

std::int64_t checked_product(std::initializer_list<std::int64_t> sizes) {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes) {
        if (size < 0 || size > kMaxSize || (size > 0 && product > kMaxValues / size)) {
            throw StorageError("an array of impossible size");
        }
        product *= size;
    }
    return product;
}

void require(bool condition, const std::string& expected) {
    if (!condition) {
        throw StorageError(expected);
    }
}

void require_indices(const std::vector<std::int32_t>& indices,
                     std::int64_t count,
                     std::int64_t limit,
                     const std::string& name) {
    require(static_cast<std::int64_t>(indices.size()) == count,
            name + " has " + std::to_string(indices.size()) + " entries where " +
                std::to_string(count) + " were expected");
    for (const std::int32_t index : indices) {
        require(index >= -1 && index < limit,
                name + " holds " + std::to_string(index) + ", outside -1 to " +
                    std::to_string(limit - 1));
    }
}

void require_valid(const ClassScores& scores, int num_tasks) {
    const std::string name = "class '" + scores.class_name + "': ";
    require(!scores.class_name.empty(), "a class has no name");
    require(scores.task >= 0 && scores.task < num_tasks, name + "its task does not exist");
    require(scores.images > 0, name + "there must be images");
    if (scores.height == 0 && scores.width == 0) {
        require(!scores.image_scores.empty() && scores.maps.empty(),
                name + "without maps there must be scores of images");
    } else {
        require(scores.height > 0 && scores.width > 0,
                name + "height and width must be positive, or both 0 without maps");
        const std::int64_t patches = checked_product({scores.height, scores.width});
        require(static_cast<std::int64_t>(scores.maps.size()) % patches == 0,
                name + "maps does not hold whole maps");
        require(static_cast<std::int64_t>(scores.maps.size()) / patches == scores.num_maps(),
                name + "one map per score of an image was expected");
    }
    const std::int64_t cells = checked_product({num_tasks, scores.images});
    require_indices(scores.routed_map, cells, scores.num_maps(), name + "routed_map");
    require_indices(scores.oracle_map, cells, scores.num_maps(), name + "oracle_map");
    require_indices(scores.routed_task, cells, num_tasks, name + "routed_task");
    require(static_cast<std::int64_t>(scores.distances.size()) == cells,
            name + "distances must hold one value per image and task");
    require(static_cast<std::int64_t>(scores.image_paths.size()) == scores.images &&
                static_cast<std::int64_t>(scores.image_digests.size()) == scores.images,
            name + "one path and one digest per image were expected");
}

/// `some`: empty, or one entry for each class, in their order.
void require_like_classes(const PatchScores& scores,
                          const std::vector<ClassScores>& some,
                          const std::string& name) {
    require(some.empty() || some.size() == scores.classes.size(),
            name + " belong to every class or to none");
    for (std::size_t i = 0; i < some.size(); ++i) {
        require_valid(some[i], scores.num_tasks);
        require(some[i].class_name == scores.classes[i].class_name &&
                    some[i].task == scores.classes[i].task,
                name + " are in another order than the classes");
    }
}

void require_valid(const PatchScores& scores) {
    require(scores.num_tasks > 0 && scores.num_tasks < kMaxSize, "the number of tasks must be > 0");
    require(static_cast<std::int64_t>(scores.classes.size()) <= kMaxClasses, "too many classes");
    for (const ClassScores& one : scores.classes) {
        require_valid(one, scores.num_tasks);
    }
    require_like_classes(scores, scores.validation, "images that were held out");
    require_like_classes(scores, scores.validation_split, "images of the split validation");
}

bool needs_new_version(const PatchScores& scores) {
    const auto scores_images = [](const std::vector<ClassScores>& classes) {
        return std::any_of(classes.begin(), classes.end(), [](const ClassScores& one) {
            return !one.image_scores.empty();
        });
    };
    return !scores.validation_split.empty() || scores_images(scores.classes) ||
           scores_images(scores.validation);
}

Hdf5Shape shape(std::initializer_list<std::int64_t> sizes) {
    return Hdf5Shape(sizes.begin(), sizes.end());
}

void write_class(Hdf5Id file, const std::string& name, const ClassScores& scores, int num_tasks) {
    const H5Group group = create_group(file, name);
    const Hdf5Id id = group.get();
    write_attribute(id, "class_name", scores.class_name);
    write_attribute(id, "task", std::int64_t{scores.task});
    write_attribute(id, "images", scores.images);
    write_attribute(id, "height", scores.height);
    write_attribute(id, "width", scores.width);
    write_attribute(id, "maps", scores.num_maps());
    if (scores.height > 0) {
        write_array(
            id, "maps", shape({scores.num_maps(), scores.height, scores.width}), scores.maps);
    }
    if (!scores.image_scores.empty()) {
        write_array(id, kImageScores, shape({scores.num_maps()}), scores.image_scores);
    }
    const Hdf5Shape by_task = shape({num_tasks, scores.images});
    write_array(id, "routed_map", by_task, scores.routed_map);
    write_array(id, "oracle_map", by_task, scores.oracle_map);
    write_array(id, "routed_task", by_task, scores.routed_task);
    write_array(id, "distances", shape({scores.images, num_tasks}), scores.distances);
    write_strings(id, "image_paths", scores.image_paths);
    write_strings(id, "image_digests", scores.image_digests);
}

ClassScores read_class(Hdf5Id file, const std::string& name, int num_tasks) {
    const H5Group group = open_group(file, name);
    const Hdf5Id id = group.get();
    ClassScores scores;
    scores.class_name = read_text_attribute(id, "class_name");
    const std::int64_t task = read_int_attribute(id, "task");
    require(task >= 0 && task < num_tasks, "class '" + scores.class_name + "' has no valid task");
    scores.task = static_cast<int>(task);
    scores.images = read_int_attribute(id, "images");
    scores.height = read_int_attribute(id, "height");
    scores.width = read_int_attribute(id, "width");
    const std::int64_t maps = read_int_attribute(id, "maps");
    checked_product({maps, scores.height, scores.width});
    checked_product({num_tasks, scores.images});
    if (scores.height != 0 || scores.width != 0) {
        scores.maps = read_array<float>(id, "maps", shape({maps, scores.height, scores.width}));
    }
    if (has_link(id, kImageScores)) {
        scores.image_scores = read_array<double>(id, kImageScores, shape({maps}));
    }
    const Hdf5Shape by_task = shape({num_tasks, scores.images});
    scores.routed_map = read_array<std::int32_t>(id, "routed_map", by_task);
    scores.oracle_map = read_array<std::int32_t>(id, "oracle_map", by_task);
    scores.routed_task = read_array<std::int32_t>(id, "routed_task", by_task);
    scores.distances = read_array<double>(id, "distances", shape({scores.images, num_tasks}));
    const auto images = static_cast<std::uint64_t>(scores.images);
    scores.image_paths = read_strings(id, "image_paths", images);
    scores.image_digests = read_strings(id, "image_digests", images);
    return scores;
}

void write_classes(Hdf5Id file,
                   const std::string& name,
                   const std::vector<ClassScores>& classes,
                   int num_tasks) {
    const H5Group group = create_group(file, name);
    for (std::size_t i = 0; i < classes.size(); ++i) {
        write_class(file, group_of(name, i), classes[i], num_tasks);
    }
}

std::vector<ClassScores> read_classes(Hdf5Id file,
                                      const std::string& name,
                                      std::size_t count,
                                      int num_tasks) {
    std::vector<ClassScores> classes;
    for (std::size_t i = 0; i < count; ++i) {
        classes.push_back(read_class(file, group_of(name, i), num_tasks));
    }
    return classes;
}

std::string to_image(const PatchScores& scores) {
    const QuietHdf5 quiet;
    const H5File file = create_hdf5_in_memory();
    write_attribute(
        file.get(), "format_version", needs_new_version(scores) ? kFormatVersion : kMapsVersion);
    write_attribute(file.get(), "training_key", scores.training_key);
    write_attribute(file.get(), "num_tasks", std::int64_t{scores.num_tasks});
    write_attribute(file.get(), "has_router", std::int64_t{scores.has_router ? 1 : 0});
    write_attribute(file.get(), "num_classes", static_cast<std::int64_t>(scores.classes.size()));
    write_classes(file.get(), kClasses, scores.classes, scores.num_tasks);
    if (!scores.validation.empty()) {
        write_classes(file.get(), kValidation, scores.validation, scores.num_tasks);
    }
    if (!scores.validation_split.empty()) {
        write_classes(file.get(), kValidationSplit, scores.validation_split, scores.num_tasks);
    }
    return image_of(file);
}

PatchScores from_image(std::string image, const std::string& name) {
    const QuietHdf5 quiet;
    const H5File file = open_hdf5_image(std::move(image), name);
    const std::int64_t version = read_int_attribute(file.get(), "format_version");
    require(version == kMapsVersion || version == kFormatVersion,
            "its format version is " + std::to_string(version) + "; this Harrow reads versions " +
                std::to_string(kMapsVersion) + " and " + std::to_string(kFormatVersion));
    PatchScores scores;
    scores.training_key = read_text_attribute(file.get(), "training_key");
    const std::int64_t num_tasks = read_int_attribute(file.get(), "num_tasks");
    require(num_tasks > 0 && num_tasks < kMaxSize, "the number of tasks must be > 0");
    scores.num_tasks = static_cast<int>(num_tasks);
    scores.has_router = read_int_attribute(file.get(), "has_router") != 0;
    const std::int64_t num_classes = read_int_attribute(file.get(), "num_classes");
    require(num_classes >= 0 && num_classes <= kMaxClasses, "too many classes");
    const auto count = static_cast<std::size_t>(num_classes);
    scores.classes = read_classes(file.get(), kClasses, count, scores.num_tasks);
    if (has_link(file.get(), kValidation)) {
        scores.validation = read_classes(file.get(), kValidation, count, scores.num_tasks);
    }
    if (has_link(file.get(), kValidationSplit)) {
        scores.validation_split =
            read_classes(file.get(), kValidationSplit, count, scores.num_tasks);
    }
    require(version == kFormatVersion || !needs_new_version(scores),
            "it holds what its format version does not know");
    require_valid(scores);
    return scores;
}

}  // namespace

void save_patch_scores(const std::filesystem::path& path, const PatchScores& scores) {
    std::string image;
    try {
        require_valid(scores);
        image = to_image(scores);
    } catch (const StorageError& reason) {
        throw StorageError("patch scores for " + path.string() +
                           " cannot be stored: " + reason.what());
    }
    image += make_seal(image, PayloadRange{});
    write_file_atomic(path, image);
}

PatchScores load_patch_scores(const std::filesystem::path& path) {
    std::string image = read_file(path);
    try {
        check_seal(image);
        image.resize(image.size() - kSealBytes);
        return from_image(std::move(image), path.string());
    } catch (const StorageError& reason) {
        throw StorageError("patch scores " + path.string() + " are damaged: " + reason.what() +
                           "; delete the file and run the sweep again: only this training is "
                           "repeated");
    }
}

}  // namespace harrow::storage
