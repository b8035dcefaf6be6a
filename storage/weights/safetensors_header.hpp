#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace harrow::storage {

struct TensorEntry {
    std::string name;
    std::string dtype;                ///< as the file spells it: "F32", "BF16", "I64", …
    std::vector<std::int64_t> shape;  ///< empty: a scalar
    std::uint64_t offset = 0;         ///< of its bytes from the start of the file
    std::uint64_t bytes = 0;
};

struct SafetensorsHeader {
    std::vector<TensorEntry> tensors;             ///< sorted by name
    std::map<std::string, std::string> metadata;  ///< `__metadata__`
};

/// Whether these first bytes of a file can only be meant as safetensors: a length within the
/// format's limit and the '{' of the header. The length alone may look like another format's start.
bool starts_as_safetensors(std::string_view head) noexcept;

/// Bytes of length field and JSON header together. `head`: the file's first 8 bytes, or all it has.
/// Throws sweeps::DataError when the length fits neither the file nor the format's limit of 100 MB.
std::uint64_t safetensors_header_bytes(std::string_view head, std::uint64_t file_bytes);

/// Pure: reads and checks a header. `head` holds at least what safetensors_header_bytes says.
/// Throws sweeps::DataError, without a file name, when the JSON is malformed or holds a key twice,
/// when an entry lacks a part, or when the tensors do not fill the rest of the file exactly once.
/// A dtype that is not known is accepted when its elements have a whole number of bits.
SafetensorsHeader parse_safetensors(std::string_view head, std::uint64_t file_bytes);

/// Number of values; 1 for a scalar.
std::uint64_t element_count(const TensorEntry& entry) noexcept;

}  // namespace harrow::storage
