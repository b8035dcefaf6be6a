#include "storage/weights/weights_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/weights/weights_digest.hpp"
#include "sweeps/error.hpp"
#include "sweeps/public_weights.hpp"

namespace harrow::storage {
namespace {

using sweeps::DataError;

std::string refusal(const std::filesystem::path& path, const std::string& why) {
    return "weights file '" + path.string() + "' " + why;
}

std::string reason_of(int error_number) {
    if (error_number == ENOENT || error_number == ENOTDIR) {
        return "does not exist; check the path";
    }
    return "cannot be read: " + std::generic_category().message(error_number);
}

bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

/// Which safetensors file holds what a checkpoint of a known publisher holds.
std::string pytorch_advice(const std::filesystem::path& path) {
    const std::string digest = weights_digest(path);
    if (const sweeps::PublicWeights* same = sweeps::public_weights_by_checkpoint(digest)) {
        return "by its SHA-256 (" + digest.substr(0, 8) + "…) it holds what " +
               sweeps::download_text(*same) + " holds as safetensors";
    }
    return "convert it: python3 -c \"import torch, safetensors.torch as s; d = torch.load('" +
           path.filename().string() +
           "', map_location='cpu', weights_only=True); s.save_file({k: v.contiguous() for k, v in "
           "d.items()}, 'model.safetensors')\"";
}

}  // namespace

OpenedWeights open_weights(const std::filesystem::path& path) {
    if (path.empty()) {
        throw DataError("the path of the weights file is empty");
    }
    OpenedWeights opened;
    opened.file.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!opened.file || ::fstat(opened.file.get(), &status) != 0) {
        throw DataError(refusal(path, reason_of(errno)));
    }
    if (S_ISDIR(status.st_mode)) {
        throw DataError(refusal(path, "is a folder; give the file in it, often model.safetensors"));
    }
    if (!S_ISREG(status.st_mode)) {
        throw DataError(refusal(path, "is no regular file"));
    }
    opened.bytes = static_cast<std::uint64_t>(status.st_size);
    return opened;
}

std::size_t read_up_to(const FileDescriptor& file,
                       std::uint64_t offset,
                       void* out,
                       std::size_t bytes,
                       const std::filesystem::path& path) {
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t count = ::pread(file.get(),
                                      static_cast<char*>(out) + done,
                                      bytes - done,
                                      static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw DataError(refusal(path, reason_of(errno)));
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return done;
}

void read_exactly(const FileDescriptor& file,
                  std::uint64_t offset,
                  void* out,
                  std::size_t bytes,
                  const std::filesystem::path& path) {
    if (read_up_to(file, offset, out, bytes, path) != bytes) {
        throw DataError(refusal(path, "ended early: it became shorter while it was read"));
    }
}

bool is_torchscript_name(const std::filesystem::path& path) {
    const std::string extension = path.extension().string();
    return extension == ".pt" || extension == ".ts" || extension == ".torchscript";
}

std::string foreign_format(const std::filesystem::path& path, std::string_view head) {
    using namespace std::string_view_literals;
    if (starts_with(head, "PK\x03\x04"sv) || starts_with(head, "\x80\x02"sv)) {
        return "is a PyTorch checkpoint (pickle), which Harrow does not read; " +
               pytorch_advice(path);
    }
    if (starts_with(head, "version https://git-lfs"sv)) {
        return "is only a pointer of Git LFS; fetch the file itself with `git lfs pull`";
    }
    if (starts_with(head, "\x89HDF\r\n"sv)) {
        return "is an HDF5 file, not safetensors";
    }
    if (starts_with(head, "GGUF"sv)) {
        return "is a GGUF file, not safetensors";
    }
    const std::size_t text = std::min(head.find_first_not_of(" \t\r\n"), head.size());
    if (starts_with(head.substr(text), "<"sv)) {
        return "is a web page or XML, not safetensors; download the file itself, not the page "
               "that shows it";
    }
    return "";
}

}  // namespace harrow::storage
