#include "storage/weights/weights_digest.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "storage/weights/weights_file.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

struct DigestContextDeleter {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

void require(int answer) {
    if (answer != 1) {
        throw sweeps::StorageError("SHA-256 is not available in the installed OpenSSL");
    }
}

}  // namespace

std::string weights_digest(const std::filesystem::path& path) {
    const OpenedWeights opened = open_weights(path);
    const std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context(EVP_MD_CTX_new());
    require(context != nullptr ? EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) : 0);
    std::vector<char> piece(kPieceBytes);
    std::uint64_t offset = 0;
    for (std::size_t count = kPieceBytes; count == kPieceBytes; offset += count) {
        count = read_up_to(opened.file, offset, piece.data(), kPieceBytes, path);
        require(EVP_DigestUpdate(context.get(), piece.data(), count));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int size = 0;
    require(EVP_DigestFinal_ex(context.get(), bytes.data(), &size));
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

}  // namespace harrow::storage
