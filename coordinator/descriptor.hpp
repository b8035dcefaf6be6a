#pragma once

#include <unistd.h>

#include "sweeps/unique_handle.hpp"

namespace harrow::coordinator {

struct DescriptorTraits {
    using Type = int;
    static Type null() noexcept { return -1; }
    static void close(Type descriptor) noexcept { ::close(descriptor); }
};

/// Owns a file descriptor.
using Descriptor = sweeps::UniqueHandle<DescriptorTraits>;

}  // namespace harrow::coordinator
