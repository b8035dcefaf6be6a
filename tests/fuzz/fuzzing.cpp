#include "tests/fuzz/fuzzing.hpp"

#include <algorithm>
#include <cstdlib>

#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
// Read by AddressSanitizer before main; its shadow memory rules out a limit of the address space.
extern "C" const char* __asan_default_options() {  // NOLINT(bugprone-reserved-identifier)
    return "max_allocation_size_mb=1024";
}
#endif

namespace harrow::tests {

int fuzz_count(int otherwise) {
    const char* text = std::getenv("HARROW_FUZZ_COUNT");
    return text != nullptr && std::atoi(text) > 0 ? std::atoi(text) : otherwise;
}

void refuse_large_allocations() {
#if !defined(__SANITIZE_ADDRESS__)
    const rlimit limit{rlim_t{3} << 29, rlim_t{3} << 29};  // 1.5 GiB with program and libraries
    ::setrlimit(RLIMIT_AS, &limit);
#endif
}

std::string random_bytes(std::size_t count, sweeps::RandomStream& random) {
    std::string bytes(count, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(random.below(256));
    }
    return bytes;
}

void mutate(std::string& bytes, std::size_t first, sweeps::RandomStream& random) {
    if (bytes.size() <= first) {
        return;
    }
    const std::size_t at = first + random.below(bytes.size() - first);
    const std::size_t length = 1 + random.below(std::min<std::size_t>(bytes.size() - at, 64));
    switch (random.below(8)) {
        case 0:
            bytes.erase(at, length);
            break;
        case 1:
            bytes.insert(at, std::string(bytes, at, length));
            break;
        case 2:
            bytes.insert(first + random.below(bytes.size() - first),
                         std::string(bytes, at, length));
            break;
        case 3:
            bytes.resize(at);
            break;
        case 4:
            bytes[at] = static_cast<char>(random.below(2) == 0 ? 0xFF : 0x00);
            break;
        default:
            for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
                char& byte = bytes[first + random.below(bytes.size() - first)];
                byte = static_cast<char>(random.below(2) == 0 ? byte ^ (1 << random.below(8))
                                                              : random.below(256));
            }
    }
}

}  // namespace harrow::tests
