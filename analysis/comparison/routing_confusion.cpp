#include "analysis/comparison/routing_confusion.hpp"

namespace harrow::analysis {
namespace {

std::vector<std::string> task_names(const storage::PatchScores& scores) {
    std::vector<std::string> names(static_cast<std::size_t>(scores.num_tasks));
    for (const storage::ClassScores& known : scores.classes) {
        std::string& name = names[static_cast<std::size_t>(known.task)];
        name += (name.empty() ? "" : " ") + known.class_name;
    }
    return names;
}

}  // namespace

bool add_to_confusion(RoutingConfusion& confusion, const storage::PatchScores& scores) {
    const auto tasks = static_cast<std::size_t>(scores.num_tasks);
    if (!scores.has_router || tasks < 2 ||
        (confusion.seeds > 0 && confusion.images.size() != tasks)) {
        return false;
    }
    if (confusion.seeds == 0) {
        confusion.images.assign(tasks, std::vector<std::uint64_t>(tasks));
        confusion.tasks = task_names(scores);
    } else if (confusion.tasks != task_names(scores)) {  // another order for each seed
        confusion.tasks.assign(tasks, "");
    }
    for (const storage::ClassScores& known : scores.classes) {
        const auto images = static_cast<std::size_t>(known.images);
        for (std::size_t image = 0; image < images; ++image) {
            const std::int32_t chosen = known.routed_task[(tasks - 1) * images + image];
            if (chosen >= 0) {
                ++confusion.images[static_cast<std::size_t>(known.task)]
                                  [static_cast<std::size_t>(chosen)];
            }
        }
    }
    ++confusion.seeds;
    return true;
}

}  // namespace harrow::analysis
