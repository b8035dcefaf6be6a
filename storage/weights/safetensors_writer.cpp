#include "storage/weights/safetensors_writer.hpp"

#include <stdexcept>
#include <string_view>

#include <nlohmann/json.hpp>

#include "storage/files.hpp"

namespace harrow::storage {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;

void check(const FloatTensor& tensor, const Json& header) {
    std::uint64_t count = 1;
    for (const std::int64_t size : tensor.shape) {
        if (size < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count)) {
            throw std::invalid_argument("'" + tensor.name + "': impossible shape");
        }
    }
    if (count != tensor.values.size()) {
        throw std::invalid_argument("'" + tensor.name +
                                    "': " + std::to_string(tensor.values.size()) +
                                    " values for a shape " + "of " + std::to_string(count));
    }
    if (tensor.name == "__metadata__" || header.contains(tensor.name)) {
        throw std::invalid_argument("'" + tensor.name + "' is taken");
    }
}

std::string_view bytes_of(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<FloatTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
    Json header = Json::object();
    if (!metadata.empty()) {
        header["__metadata__"] = metadata;
    }
    std::uint64_t end = 0;
    for (const FloatTensor& tensor : tensors) {
        check(tensor, header);
        const std::uint64_t begin = end;
        end += tensor.values.size() * sizeof(float);
        header[tensor.name] = {
            {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    }
    std::string json = header.dump();
    json.append((kAlignment - (kLengthBytes + json.size()) % kAlignment) % kAlignment, ' ');
    std::string length(kLengthBytes, '\0');
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
        length[i] = static_cast<char>(static_cast<std::uint64_t>(json.size()) >> (8 * i) & 0xFF);
    }
    PendingFile file(path);
    write_all(file.descriptor(), length, path);
    write_all(file.descriptor(), json, path);
    for (const FloatTensor& tensor : tensors) {
        write_all(file.descriptor(), bytes_of(tensor.values), path);
    }
    file.publish();
}

}  // namespace harrow::storage
