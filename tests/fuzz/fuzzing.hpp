#pragma once

#include <cstdint>
#include <string>

#include "sweeps/random.hpp"

namespace harrow::tests {

/// Inputs per kind: $HARROW_FUZZ_COUNT, else `otherwise`.
int fuzz_count(int otherwise);

/// From here on an allocation of more than 1 GiB ends the test: by std::bad_alloc through a limit
/// of the address space, or by AddressSanitizer.
void refuse_large_allocations();

/// One to four bytes changed, a part removed, repeated or moved, or the end cut off. `first` bytes
/// at the start stay. Text that is not longer comes back as it is.
void mutate(std::string& bytes, std::size_t first, sweeps::RandomStream& random);

/// `count` random bytes.
std::string random_bytes(std::size_t count, sweeps::RandomStream& random);

}  // namespace harrow::tests
