#include "coordinator/wire.hpp"

#include <array>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

namespace harrow::coordinator {
namespace {

constexpr std::string_view kMagic = "HRRW";

template <typename T>
struct Tag {};

// The fields of every message, in the order of the wire. M is the message or const message.
template <typename M>
auto fields(M& m, Tag<Hello>) {
    return std::tie(m.protocol,
                    m.build_id,
                    m.slot,
                    m.cache_root,
                    m.threads,
                    m.device,
                    m.decode_threads,
                    m.resident_bytes);
}
template <typename M>
auto fields(M& m, Tag<Assign>) {
    return std::tie(m.unit, m.attempt, m.kind, m.key, m.payload);
}
template <typename M>
auto fields(M&, Tag<Stop>) {
    return std::tie();
}
template <typename M>
auto fields(M& m, Tag<Withdraw>) {
    return std::tie(m.unit, m.attempt);
}
template <typename M>
auto fields(M& m, Tag<Welcome>) {
    return std::tie(m.refusal);
}
template <typename M>
auto fields(M&, Tag<Pulse>) {
    return std::tie();
}
template <typename M>
auto fields(M& m, Tag<Shutdown>) {
    return std::tie(m.grace_ms, m.rank_lost);
}
template <typename M>
auto fields(M& m, Tag<Cancel>) {
    return std::tie(m.unit, m.attempt);
}
template <typename M>
auto fields(M& m, Tag<Ready>) {
    return std::tie(m.protocol, m.build_id, m.pid, m.device, m.warnings);
}
template <typename M>
auto fields(M& m, Tag<Progress>) {
    return std::tie(m.unit,
                    m.attempt,
                    m.step,
                    m.task,
                    m.tasks,
                    m.epoch,
                    m.epochs,
                    m.text,
                    m.images,
                    m.images_total);
}
template <typename M>
auto fields(M& m, Tag<Finished>) {
    return std::tie(m.unit, m.attempt, m.result);
}
template <typename M>
auto fields(M& m, Tag<Failed>) {
    return std::tie(m.unit, m.attempt, m.kind, m.message);
}
template <typename M>
auto fields(M& m, Tag<Heartbeat>) {
    return std::tie(m.step);
}
template <typename M>
auto fields(M& m, Tag<Started>) {
    return std::tie(m.unit, m.attempt);
}
template <typename M>
auto fields(M& m, Tag<Returned>) {
    return std::tie(m.unit, m.attempt);
}
template <typename M>
auto fields(M& m, Tag<ChildLost>) {
    return std::tie(m.unit,
                    m.attempt,
                    m.signal,
                    m.exit_code,
                    m.reason,
                    m.stderr_tail,
                    m.peak_rss_bytes,
                    m.out_of_memory);
}
template <typename M>
auto fields(M& m, Tag<Quarantined>) {
    return std::tie(m.reason);
}
template <typename M>
auto fields(M& m, Tag<RankHello>) {
    return std::tie(m.protocol, m.host, m.build_id, m.sweep_digest, m.slots, m.device_kind);
}
template <typename M>
auto fields(M&, Tag<RankPulse>) {
    return std::tie();
}
template <typename M>
auto fields(M&, Tag<RankBye>) {
    return std::tie();
}

template <typename M>
auto fields(M& m, Tag<Checkpointed>) {
    return std::tie(m.unit, m.attempt, m.task, m.epoch, m.bytes);
}
template <typename M>
auto fields(M& m, Tag<Resumed>) {
    return std::tie(m.unit, m.attempt, m.task, m.epoch);
}

class Writer {
public:
    template <typename T>
    void operator()(const T& value) {
        if constexpr (std::is_enum_v<T>) {
            (*this)(static_cast<std::underlying_type_t<T>>(value));
        } else {
            using U = std::make_unsigned_t<T>;
            const auto bits = static_cast<U>(value);
            for (std::size_t byte = 0; byte < sizeof(U); ++byte) {
                bytes.push_back(static_cast<char>((bits >> (8 * byte)) & 0xffU));
            }
        }
    }
    void operator()(const std::string& text) {
        (*this)(checked_size(text.size()));
        bytes += text;
    }
    void operator()(const std::vector<std::string>& list) {
        (*this)(checked_size(list.size()));
        for (const std::string& text : list) {
            (*this)(text);
        }
    }

    std::string bytes;

private:
    static std::uint32_t checked_size(std::size_t size) {
        if (size > kMaxPayloadBytes) {
            throw ProtocolError("a message of " + std::to_string(size) +
                                " bytes exceeds the protocol's limit of 64 MiB");
        }
        return static_cast<std::uint32_t>(size);
    }
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    template <typename T>
    void operator()(T& value) {
        if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> raw = 0;
            (*this)(raw);
            if (raw > static_cast<std::underlying_type_t<T>>(last_of(T{}))) {
                throw ProtocolError("a message holds the unknown kind " + std::to_string(raw));
            }
            value = static_cast<T>(raw);
        } else {
            using U = std::make_unsigned_t<T>;
            const std::string_view raw = take(sizeof(U));
            std::uint64_t bits = 0;
            for (std::size_t byte = 0; byte < sizeof(U); ++byte) {
                bits |= std::uint64_t{static_cast<unsigned char>(raw[byte])} << (8 * byte);
            }
            value = static_cast<T>(static_cast<U>(bits));
        }
    }
    void operator()(std::string& text) {
        std::uint32_t size = 0;
        (*this)(size);
        text = std::string(take(size));
    }
    void operator()(std::vector<std::string>& list) {
        std::uint32_t count = 0;
        (*this)(count);
        if (count > bytes_.size() / sizeof(std::uint32_t)) {
            throw ProtocolError("a message is shorter than the list it announces");
        }
        list.assign(count, {});
        for (std::string& text : list) {
            (*this)(text);
        }
    }
    bool at_end() const { return bytes_.empty(); }

private:
    static UnitKind last_of(UnitKind) { return UnitKind::Train; }
    static FailureKind last_of(FailureKind) { return FailureKind::Cancelled; }

    std::string_view take(std::size_t count) {
        if (count > bytes_.size()) {
            throw ProtocolError("a message ends in the middle of a value");
        }
        const std::string_view taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    std::string_view bytes_;
};

std::string frame_of(std::uint16_t type, const std::string& payload) {
    if (payload.size() > kMaxPayloadBytes) {
        throw ProtocolError("a message of " + std::to_string(payload.size()) +
                            " bytes exceeds the protocol's limit of 64 MiB");
    }
    Writer header;
    header.bytes.reserve(kFrameHeaderBytes + payload.size());
    header.bytes += kMagic;
    header(kProtocolVersion);
    header(type);
    header(static_cast<std::uint32_t>(payload.size()));
    return std::move(header.bytes) + payload;
}

template <typename Variant>
std::string encode_variant(const Variant& message, std::uint16_t first_type) {
    Writer writer;
    std::visit(
        [&](const auto& body) {
            using Body = std::decay_t<decltype(body)>;
            std::apply([&](const auto&... field) { (writer(field), ...); },
                       fields(body, Tag<Body>{}));
        },
        message);
    return frame_of(static_cast<std::uint16_t>(first_type + message.index()), writer.bytes);
}

template <typename Body>
Body decode_body(const Frame& frame) {
    Body body;
    Reader reader(frame.payload);
    std::apply([&](auto&... field) { (reader(field), ...); }, fields(body, Tag<Body>{}));
    if (!reader.at_end()) {
        throw ProtocolError("a message of type " + std::to_string(frame.type) +
                            " is longer than its fields");
    }
    return body;
}

template <typename Variant, std::size_t... Index>
Variant decode_variant(const Frame& frame,
                       std::uint16_t first_type,
                       std::index_sequence<Index...>) {
    using Decoder = Variant (*)(const Frame&);
    constexpr std::array<Decoder, sizeof...(Index)> decoders = {[](const Frame& from) -> Variant {
        return decode_body<std::variant_alternative_t<Index, Variant>>(from);
    }...};
    if (frame.type < first_type || frame.type - first_type >= static_cast<int>(decoders.size())) {
        throw ProtocolError("a frame has the type " + std::to_string(frame.type) +
                            ", which does not exist in this direction");
    }
    return decoders[static_cast<std::size_t>(frame.type - first_type)](frame);
}

template <typename Variant>
Variant decode_variant(const Frame& frame, std::uint16_t first_type) {
    return decode_variant<Variant>(
        frame, first_type, std::make_index_sequence<std::variant_size_v<Variant>>{});
}

struct Header {
    std::uint16_t type = 0;
    std::uint32_t length = 0;
};

Header parse_header(std::string_view bytes) {
    if (bytes.substr(0, kMagic.size()) != kMagic) {
        throw ProtocolError("a peer sent bytes that are not a Harrow frame");
    }
    Reader reader(bytes.substr(kMagic.size()));
    std::uint16_t version = 0;
    Header header;
    reader(version);
    reader(header.type);
    reader(header.length);
    if (version != kProtocolVersion) {
        throw ProtocolError("a peer speaks protocol version " + std::to_string(version) +
                            ", this program version " + std::to_string(kProtocolVersion) +
                            "; use harrow and harrow-worker of one build");
    }
    if (header.length > kMaxPayloadBytes) {
        throw ProtocolError("a frame announces " + std::to_string(header.length) +
                            " bytes; the limit is 64 MiB");
    }
    return header;
}

}  // namespace

std::string encode(const ToWorkerMessage& message) {
    return encode_variant(message, static_cast<std::uint16_t>(ToWorker::Hello));
}

std::string encode(const FromWorkerMessage& message) {
    return encode_variant(message, static_cast<std::uint16_t>(FromWorker::Ready));
}

void FrameDecoder::feed(std::string_view bytes) {
    if (consumed_ > 0) {
        buffer_.erase(0, consumed_);
        consumed_ = 0;
    }
    buffer_ += bytes;
}

std::optional<Frame> FrameDecoder::next() {
    const std::string_view rest = std::string_view(buffer_).substr(consumed_);
    if (rest.size() < kFrameHeaderBytes) {
        return std::nullopt;
    }
    const Header header = parse_header(rest.substr(0, kFrameHeaderBytes));
    if (rest.size() - kFrameHeaderBytes < header.length) {
        return std::nullopt;
    }
    consumed_ += kFrameHeaderBytes + header.length;
    return Frame{header.type, std::string(rest.substr(kFrameHeaderBytes, header.length))};
}

ToWorkerMessage decode_to_worker(const Frame& frame) {
    return decode_variant<ToWorkerMessage>(frame, static_cast<std::uint16_t>(ToWorker::Hello));
}

FromWorkerMessage decode_from_worker(const Frame& frame) {
    return decode_variant<FromWorkerMessage>(frame, static_cast<std::uint16_t>(FromWorker::Ready));
}

std::string wrap(std::uint32_t slot, std::string_view frame) {
    Writer writer;
    writer(slot);
    writer.bytes += frame;
    return std::move(writer.bytes);
}

Envelope unwrap(std::string_view bytes) {
    Envelope envelope;
    Reader reader(bytes.substr(0, sizeof(envelope.slot)));
    reader(envelope.slot);
    FrameDecoder decoder;
    decoder.feed(bytes.substr(sizeof(envelope.slot)));
    std::optional<Frame> frame = decoder.next();
    if (!frame ||
        bytes.size() != sizeof(envelope.slot) + kFrameHeaderBytes + frame->payload.size()) {
        throw ProtocolError("a message between ranks is not one complete frame");
    }
    envelope.frame = *std::move(frame);
    return envelope;
}

}  // namespace harrow::coordinator
