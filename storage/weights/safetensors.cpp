#include "storage/weights/safetensors.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <numeric>
#include <stdexcept>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "storage/half.hpp"
#include "storage/weights/safetensors_writer.hpp"
#include "storage/weights/weights_digest.hpp"
#include "sweeps/error.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLargestHeader = 100'000'000;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
    throw sweeps::DataError("weights file '" + path.string() + "' " + why);
}

FileDescriptor open_file(const std::filesystem::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        refuse(path, std::string("cannot be read: ") + std::strerror(errno));
    }
    return file;
}

void read_exactly(const FileDescriptor& file,
                  std::uint64_t offset,
                  char* out,
                  std::size_t bytes,
                  const std::filesystem::path& path) {
    for (std::size_t done = 0; done < bytes;) {
        const ssize_t count =
            ::pread(file.get(), out + done, bytes - done, static_cast<off_t>(offset + done));
        if (count <= 0) {
            refuse(path, "ends before its tensors do; get it again");
        }
        done += static_cast<std::size_t>(count);
    }
}

std::int64_t count_of(const std::vector<std::int64_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

TensorEntry parse_entry(const std::string& name, const Json& json, std::uint64_t data_offset) {
    TensorEntry entry;
    entry.name = name;
    entry.dtype = json.at("dtype").get<std::string>();
    entry.shape = json.at("shape").get<std::vector<std::int64_t>>();
    const auto range = json.at("data_offsets").get<std::vector<std::uint64_t>>();
    entry.offset = data_offset + range.at(0);
    entry.bytes = range.at(1) - range.at(0);
    return entry;
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
    SafetensorsFile opened;
    opened.path_ = path;
    opened.file_ = open_file(path);
    std::uint64_t header_bytes = 0;
    read_exactly(opened.file_, 0, reinterpret_cast<char*>(&header_bytes), kLengthBytes, path);
    if (header_bytes > kLargestHeader) {
        refuse(path, "is no safetensors file");
    }
    std::string header(header_bytes, '\0');
    read_exactly(opened.file_, kLengthBytes, header.data(), header.size(), path);
    try {
        const Json parsed = Json::parse(header);
        for (const auto& [name, json] : parsed.items()) {
            if (name == "__metadata__") {
                opened.metadata_ = json.get<std::map<std::string, std::string>>();
            } else {
                opened.tensors_.push_back(parse_entry(name, json, kLengthBytes + header_bytes));
            }
        }
    } catch (const std::exception& error) {
        refuse(path, std::string("has a broken header: ") + error.what());
    }
    std::sort(opened.tensors_.begin(), opened.tensors_.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    return opened;
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const noexcept {
    const auto found = std::lower_bound(
        tensors_.begin(), tensors_.end(), name, [](const TensorEntry& entry, std::string_view key) {
            return entry.name < key;
        });
    return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

std::vector<float> SafetensorsFile::read_float(const TensorEntry& entry) const {
    const auto count = static_cast<std::size_t>(count_of(entry.shape));
    const bool is_wide = entry.dtype == "F32";
    if (!is_wide && entry.dtype != "F16" && entry.dtype != "BF16") {
        refuse(path_, "holds " + entry.name + " as " + entry.dtype + ", expected F32, F16 or BF16");
    }
    if (entry.bytes != count * (is_wide ? 4 : 2)) {
        refuse(path_, "holds " + entry.name + " with another size than its shape says");
    }
    std::vector<float> values(count);
    if (is_wide) {
        read_exactly(
            file_, entry.offset, reinterpret_cast<char*>(values.data()), entry.bytes, path_);
        return values;
    }
    std::vector<std::uint16_t> halves(count);
    read_exactly(file_, entry.offset, reinterpret_cast<char*>(halves.data()), entry.bytes, path_);
    if (entry.dtype == "F16") {
        halves_to_floats(halves.data(), count, values.data());
        return values;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t bits = std::uint32_t{halves[i]} << 16;
        std::memcpy(&values[i], &bits, sizeof bits);
    }
    return values;
}

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<FloatTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
    Json header = Json::object();
    if (!metadata.empty()) {
        header["__metadata__"] = metadata;
    }
    std::uint64_t end = 0;
    for (const FloatTensor& tensor : tensors) {
        if (static_cast<std::size_t>(count_of(tensor.shape)) != tensor.values.size()) {
            throw std::invalid_argument("values and shape of " + tensor.name + " disagree");
        }
        const std::uint64_t begin = end;
        end += tensor.values.size() * sizeof(float);
        header[tensor.name] = {
            {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    const std::uint64_t length = text.size();
    PendingFile file(path);
    write_all(
        file.descriptor(), {reinterpret_cast<const char*>(&length), kLengthBytes}, file.target());
    write_all(file.descriptor(), text, file.target());
    for (const FloatTensor& tensor : tensors) {
        write_all(file.descriptor(),
                  {reinterpret_cast<const char*>(tensor.values.data()),
                   tensor.values.size() * sizeof(float)},
                  file.target());
    }
    file.publish();
}

std::string weights_digest(const std::filesystem::path& path) {
    const FileDescriptor file = open_file(path);
    sweeps::Hasher hasher;
    std::string piece(std::size_t{1} << 20, '\0');
    while (true) {
        const ssize_t count = ::read(file.get(), piece.data(), piece.size());
        if (count < 0) {
            refuse(path, std::string("cannot be read: ") + std::strerror(errno));
        }
        if (count == 0) {
            return hasher.digest();
        }
        hasher.update(std::string_view(piece).substr(0, static_cast<std::size_t>(count)));
    }
}

}  // namespace harrow::storage
