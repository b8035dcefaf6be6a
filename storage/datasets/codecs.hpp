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

/// The longer side may be this many times the shorter: preprocessing scales by the shorter one, so
/// that a picture of 1 x 200000 pixels would become one of 45 million rows.
inline constexpr std::int64_t kMaxAspect = 64;

/// What a codec found wrong with the bytes; image.cpp adds the file and the cure.
class CodecError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);

/// What becomes of the low byte of 16-bit samples. With NonZero a sample that is not zero stays so.
enum class LowByte { Drop, NonZero };

/// Both refuse, before allocating, headers whose picture cannot come from so few bytes.
Image decode_png(std::string_view bytes, LowByte low_byte = LowByte::Drop);
Image decode_jpeg(std::string_view bytes);

/// Throws CodecError unless both sides are 1 … kMaxSide, their product is at most kMaxPixels and
/// their quotient at most kMaxAspect.
void check_image_size(std::int64_t width, std::int64_t height);

}  // namespace harrow::storage
