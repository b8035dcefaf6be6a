#pragma once

namespace harrow::coordinator {
class ChildLink;
}

namespace harrow::worker {

/// Serves a supervisor until it says Stop or is gone: answers its Hello, then one unit of work
/// after the other. A unit that fails is reported, never thrown.
void serve(coordinator::ChildLink& link);

}  // namespace harrow::worker
