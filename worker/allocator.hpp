#pragma once

namespace harrow::worker {

/// Freed memory stays with the process instead of going back to the system. A training step frees
/// and takes the same tens of megabytes hundreds of times; mapped afresh, every page of them costs
/// a fault (a tenth of a step at 768 channels). Once, before the first thread.
void keep_freed_memory() noexcept;

/// What is free now goes back to the system once.
void give_back_freed_memory() noexcept;

}  // namespace harrow::worker
