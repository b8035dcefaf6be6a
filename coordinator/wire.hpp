#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/messages.hpp"
#include "coordinator/protocol_error.hpp"

/// Messages <-> bytes. A frame is a header of 12 bytes (magic "HRRW", version u16, type u16,
/// payload length u32) and its payload; integers are little-endian, strings carry their length.
namespace harrow::coordinator {

constexpr std::size_t kFrameHeaderBytes = 12;
constexpr std::size_t kMaxPayloadBytes = std::size_t{64} << 20;

/// A complete frame. Throws ProtocolError when the payload exceeds kMaxPayloadBytes.
std::string encode(const ToWorkerMessage& message);
std::string encode(const FromWorkerMessage& message);

struct Frame {
    std::uint16_t type = 0;
    std::string payload;
};

/// Cuts a stream of bytes into frames. After a ProtocolError the stream is lost: drop the peer.
class FrameDecoder {
public:
    void feed(std::string_view bytes);
    /// The next complete frame, if any. Throws ProtocolError on a bad magic, version or length.
    std::optional<Frame> next();

private:
    std::string buffer_;
    std::size_t consumed_ = 0;
};

/// Throw ProtocolError on an unknown type, a short or overlong payload or a value out of range.
ToWorkerMessage decode_to_worker(const Frame& frame);
FromWorkerMessage decode_from_worker(const Frame& frame);

/// One MPI message: the slot it concerns (kNoSlot: the rank itself) and a frame.
constexpr std::uint32_t kNoSlot = 0xffffffffU;
struct Envelope {
    std::uint32_t slot = kNoSlot;
    Frame frame;
};
std::string wrap(std::uint32_t slot, std::string_view frame);
Envelope unwrap(std::string_view bytes);

}  // namespace harrow::coordinator
