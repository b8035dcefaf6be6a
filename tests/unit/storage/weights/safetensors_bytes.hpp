#pragma once

#include <cstdint>
#include <string>

namespace harrow::storage::testing {

/// Eight bytes, little endian.
inline std::string length_field(std::uint64_t length) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) {
        bytes += static_cast<char>(length >> (8 * i) & 0xFF);
    }
    return bytes;
}

/// A file of this header and this data, whatever they are.
inline std::string safetensors_bytes(const std::string& header, const std::string& data = "") {
    return length_field(header.size()) + header + data;
}

/// `"name":{"dtype":…,"shape":…,"data_offsets":[begin,end]}`
inline std::string entry_json(const std::string& name,
                              const std::string& dtype,
                              const std::string& shape,
                              std::uint64_t begin,
                              std::uint64_t end) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace harrow::storage::testing
