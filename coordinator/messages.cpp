#include "coordinator/messages.hpp"

namespace harrow::coordinator {

std::string_view name_of(FailureKind kind) {
    switch (kind) {
        case FailureKind::BadData:
            return "bad_data";
        case FailureKind::Diverged:
            return "diverged";
        case FailureKind::OutOfMemory:
            return "out_of_memory";
        case FailureKind::Stopped:
            return "stopped";
        case FailureKind::Internal:
            return "internal_error";
        case FailureKind::Storage:
            return "storage_error";
        case FailureKind::Crashed:
            return "crashed";
        case FailureKind::Lost:
            return "lost";
        case FailureKind::Dependency:
            return "dependency_failed";
        case FailureKind::Cancelled:
            return "cancelled";
    }
    return "unknown";
}

bool is_infrastructure_failure(std::string_view state) {
    return state == name_of(FailureKind::Storage) || state == name_of(FailureKind::Lost) ||
           state == name_of(FailureKind::Stopped);
}

std::string_view name_of(UnitKind kind) {
    return kind == UnitKind::Extract ? "extract" : "train";
}

}  // namespace harrow::coordinator
