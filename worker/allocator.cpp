#include "worker/allocator.hpp"

#include <limits>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace harrow::worker {

void keep_freed_memory() noexcept {
#if defined(__GLIBC__)
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

void give_back_freed_memory() noexcept {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

}  // namespace harrow::worker
