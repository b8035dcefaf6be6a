#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "storage/datasets/image.hpp"

namespace harrow::storage {

/// A larger picture is refused before anything is allocated for it: 16384 x 16384, 0.8 GB as RGB.
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 28;

inline constexpr std::int64_t kMaxSide = std::int64_t{1} << 20;

/// What a codec found wrong with the bytes; image.cpp adds the file and the cure.
class CodecError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);

/// Both refuse, before allocating, headers whose picture cannot come from so few bytes.
Image decode_png(std::string_view bytes);
Image decode_jpeg(std::string_view bytes);

/// Throws CodecError unless both sides are 1 … kMaxSide and their product at most kMaxPixels.
void check_image_size(std::int64_t width, std::int64_t height);

}  // namespace harrow::storage
