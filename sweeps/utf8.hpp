#pragma once

#include <cstddef>
#include <string_view>

namespace harrow::sweeps {

/// Bytes at the start of `text` that are well-formed UTF-8 (Unicode 15, table 3-7): its size when
/// all of it is.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace harrow::sweeps
