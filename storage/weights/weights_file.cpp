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

constexpr std::string_view kZipStart("PK\x03\x04", 4);

std::string refusal(const std::filesystem::path& path, const std::string& why) {
    return "weights file '" + path.string() + "' " + why;
}

std::string reason_of(const std::filesystem::path& path, int error_number) {
    if (error_number == ENOENT || error_number == ENOTDIR) {
        return look_at_file(path).why + "; check the path";
    }
    return "cannot be read: " + std::generic_category().message(error_number);
}

bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

/// The file's name as it may stand in a shell command, else a word to replace.
std::string shell_name(const std::filesystem::path& path) {
    std::string name = path.filename().string();
    const bool is_plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
    return is_plain ? name : "FILE";
}

/// Which safetensors file holds what a checkpoint of a known publisher holds.
std::string pytorch_advice(const std::filesystem::path& path) {
    const std::string digest = weights_digest(path);
    if (const sweeps::PublicWeights* same = sweeps::public_weights_by_checkpoint(digest)) {
        return "by its SHA-256 (" + digest.substr(0, 8) + "…) it holds what " +
               sweeps::download_text(*same) + " holds as safetensors";
    }
    return "convert it: python3 -c \"import torch, safetensors.torch as s; d = torch.load('" +
           shell_name(path) +
           "', map_location='cpu', weights_only=True); s.save_file({k: v.contiguous() for k, v in "
           "d.items()}, 'model.safetensors')\"; where the tensors are nested, take "
           "d['state_dict'] or d['model'] for d";
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
        throw DataError(refusal(path, reason_of(path, errno)));
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
            throw DataError(refusal(path, reason_of(path, errno)));
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

void require_torchscript(const std::filesystem::path& path) {
    const OpenedWeights opened = open_weights(path);
    std::string head(kZipStart.size(), '\0');
    head.resize(read_up_to(opened.file, 0, head.data(), head.size(), path));
    if (head != kZipStart) {
        throw DataError(refusal(path,
                                "is no TorchScript program: torch.jit.save writes a zip file; for "
                                "safetensors set backbone.name to the network that it holds"));
    }
}

std::string foreign_format(const std::filesystem::path& path, std::string_view head) {
    using namespace std::string_view_literals;
    if (starts_with(head, kZipStart)) {
        return "is a zip file: a TorchScript program, which needs backbone.name: torchscript, or a "
               "PyTorch checkpoint (pickle), which Harrow does not read; " +
               pytorch_advice(path);
    }
    if (starts_with(head, "\x80\x02"sv)) {
        return "is a PyTorch checkpoint (pickle), which Harrow does not read; " +
               pytorch_advice(path);
    }
    if (starts_with(head, "version https://git-lfs"sv)) {
        return "is only a pointer of Git LFS; fetch the file itself with `git lfs pull`";
    }
    if (starts_with(head, "\x89HDF\r\n"sv)) {
        return "is an HDF5 file";
    }
    if (starts_with(head, "GGUF"sv)) {
        return "is a GGUF file";
    }
    const std::size_t text = std::min(head.find_first_not_of(" \t\r\n"), head.size());
    if (starts_with(head.substr(text), "<"sv)) {
        return "is a web page or XML; download the file itself, not the page "
               "that shows it";
    }
    return "";
}

}  // namespace harrow::storage
