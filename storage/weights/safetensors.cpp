#include "storage/weights/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/half.hpp"
#include "storage/weights/weights_file.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

using sweeps::DataError;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors files are little endian");

constexpr std::size_t kFirstBytes = 64;

void bfloat16_to_floats(const std::vector<std::uint16_t>& bits, std::vector<float>& values) {
    for (std::size_t i = 0; i < bits.size(); ++i) {
        const std::uint32_t wide = static_cast<std::uint32_t>(bits[i]) << 16;
        std::memcpy(&values[i], &wide, sizeof wide);
    }
}

/// The answer of `check`; what it finds wrong names the file.
template <typename Check>
auto naming(const std::filesystem::path& path, Check&& check) {
    try {
        return check();
    } catch (const DataError& error) {
        throw DataError("weights file '" + path.string() +
                        "' cannot be used as safetensors: " + error.what() +
                        "; download it again, or write it with a safetensors library");
    }
}

/// Says first that it is no safetensors file, then what it is, where its first bytes tell.
[[noreturn]] void refuse_other_content(const std::filesystem::path& path,
                                       const std::string& head,
                                       std::uint64_t bytes) {
    const std::string subject = "weights file '" + path.string() + "' is no safetensors file: it ";
    const std::string other = foreign_format(path, head);
    if (!other.empty()) {
        throw DataError(subject + other);
    }
    constexpr std::size_t kLengthBytes = 8;
    throw DataError(subject +
                    (head.size() <= kLengthBytes
                         ? "has only " + std::to_string(bytes) + " bytes"
                         : "does not start with a header's length and '{'") +
                    "; download it again, or write it with a safetensors library");
}

}  // namespace

SafetensorsFile::SafetensorsFile(std::filesystem::path path,
                                 FileDescriptor file,
                                 SafetensorsHeader header)
    : path_(std::move(path)), file_(std::move(file)), header_(std::move(header)) {}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
    OpenedWeights opened = open_weights(path);
    std::string head(std::min<std::uint64_t>(opened.bytes, kFirstBytes), '\0');
    read_exactly(opened.file, 0, head.data(), head.size(), path);
    if (!starts_as_safetensors(head)) {
        refuse_other_content(path, head, opened.bytes);
    }
    head.resize(naming(path, [&] { return safetensors_header_bytes(head, opened.bytes); }));
    read_exactly(opened.file, 0, head.data(), head.size(), path);
    SafetensorsHeader header = naming(path, [&] { return parse_safetensors(head, opened.bytes); });
    return SafetensorsFile(path, std::move(opened.file), std::move(header));
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const noexcept {
    const auto found = std::lower_bound(
        tensors().begin(), tensors().end(), name, [](const TensorEntry& entry, std::string_view n) {
            return entry.name < n;
        });
    return found != tensors().end() && found->name == name ? &*found : nullptr;
}

std::vector<float> SafetensorsFile::read_float(const TensorEntry& entry) const {
    const bool is_half = entry.dtype == "F16";
    const bool is_bfloat = entry.dtype == "BF16";
    if (!is_half && !is_bfloat && entry.dtype != "F32") {
        throw DataError("weights file '" + path_.string() + "': tensor '" + entry.name +
                        "' holds " + entry.dtype + ", but F32, F16 or BF16 is needed here");
    }
    std::vector<float> values(entry.bytes / (is_half || is_bfloat ? 2 : 4));
    if (!is_half && !is_bfloat) {
        read_exactly(file_, entry.offset, values.data(), values.size() * sizeof(float), path_);
        return values;
    }
    std::vector<std::uint16_t> bits(values.size());
    read_exactly(file_, entry.offset, bits.data(), bits.size() * sizeof(std::uint16_t), path_);
    if (is_half) {
        halves_to_floats(bits.data(), bits.size(), values.data());
    } else {
        bfloat16_to_floats(bits, values);
    }
    return values;
}

}  // namespace harrow::storage
