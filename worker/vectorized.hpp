#pragma once

/// Compiles a function once for each kind of processor and picks one when the program is loaded.
/// Sanitizers start too late for that choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HARROW_VECTORIZED \
    __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define HARROW_VECTORIZED
#endif
