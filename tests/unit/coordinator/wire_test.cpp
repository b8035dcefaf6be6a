#include "coordinator/wire.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

std::vector<ToWorkerMessage> messages_to_worker() {
    return {Hello{kProtocolVersion,
                  "build",
                  "node/0",
                  "/cache dir",
                  2,
                  "cuda:0",
                  8,
                  std::int64_t{20} << 30},
            Assign{7, 2, UnitKind::Extract, "key", std::string("{\"a\":\0}", 7)},
            Stop{},
            Withdraw{7, 2},
            Welcome{"no"},
            Pulse{},
            Shutdown{1500, 1},
            Cancel{7, 2}};
}

std::vector<FromWorkerMessage> messages_from_worker() {
    return {Ready{kProtocolVersion, "build", 123456789012, "cpu", {"slow BLAS", ""}},
            Progress{7, 2, std::uint64_t{1} << 60, 1, 15, 3, 60, "training", 120, 209},
            Finished{7, 2, "{}"},
            Failed{7, 2, FailureKind::OutOfMemory, "naïve"},
            Heartbeat{42},
            Started{7, 2},
            Returned{7, 2},
            ChildLost{7, 2, 11, 0, "killed by SIGSEGV", "a\nb", 160 << 20, 1},
            Quarantined{"because"},
            RankHello{kProtocolVersion, "host", "build", "digest", {"host/0", "host/1"}, "cuda"},
            RankPulse{},
            RankBye{},
            Checkpointed{7, 2, 3, 40, 1 << 20},
            Resumed{7, 3, 3, 41}};
}

Frame only_frame(const std::string& bytes) {
    FrameDecoder decoder;
    decoder.feed(bytes);
    std::optional<Frame> frame = decoder.next();
    EXPECT_TRUE(frame.has_value());
    EXPECT_FALSE(decoder.next().has_value());
    return frame.value_or(Frame{});
}

TEST(WireTest, EveryMessageSurvivesTheWayThere) {
    const std::vector<ToWorkerMessage> messages = messages_to_worker();
    ASSERT_EQ(messages.size(), std::variant_size_v<ToWorkerMessage>);
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const std::string bytes = encode(messages[index]);
        const ToWorkerMessage back = decode_to_worker(only_frame(bytes));
        EXPECT_EQ(back.index(), index);
        EXPECT_EQ(encode(back), bytes);
    }
}

TEST(WireTest, EveryMessageSurvivesTheWayBack) {
    const std::vector<FromWorkerMessage> messages = messages_from_worker();
    ASSERT_EQ(messages.size(), std::variant_size_v<FromWorkerMessage>);
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const std::string bytes = encode(messages[index]);
        const FromWorkerMessage back = decode_from_worker(only_frame(bytes));
        EXPECT_EQ(back.index(), index);
        EXPECT_EQ(encode(back), bytes);
    }
}

TEST(WireTest, FieldsArriveUnchanged) {
    const auto assign = std::get<Assign>(decode_to_worker(only_frame(
        encode(Assign{4000000000U, 3, UnitKind::Extract, "key", std::string("\0\xff", 2)}))));
    EXPECT_EQ(assign.unit, 4000000000U);
    EXPECT_EQ(assign.attempt, 3U);
    EXPECT_EQ(assign.kind, UnitKind::Extract);
    EXPECT_EQ(assign.payload, std::string("\0\xff", 2));
    const auto lost = std::get<ChildLost>(
        decode_from_worker(only_frame(encode(ChildLost{1, 2, 9, -1, "r", "tail", -5}))));
    EXPECT_EQ(lost.exit_code, -1);
    EXPECT_EQ(lost.peak_rss_bytes, -5);
    EXPECT_EQ(lost.stderr_tail, "tail");
}

TEST(WireTest, FramesCutAnywhereAreReassembled) {
    std::string stream;
    for (const FromWorkerMessage& message : messages_from_worker()) {
        stream += encode(message);
    }
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 11U, 13U, 64U}) {
        FrameDecoder decoder;
        std::size_t frames = 0;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            decoder.feed(std::string_view(stream).substr(at, piece));
            while (decoder.next()) {
                ++frames;
            }
        }
        EXPECT_EQ(frames, messages_from_worker().size());
    }
}

TEST(WireTest, RefusesWhatIsNoFrame) {
    std::string good = encode(FromWorkerMessage(Heartbeat{1}));
    const auto with = [&](std::size_t at, char byte) {
        std::string bytes = good;
        bytes[at] = byte;
        return bytes;
    };
    const auto next = [](const std::string& bytes) {
        FrameDecoder decoder;
        decoder.feed(bytes);
        return decoder.next();
    };
    EXPECT_THROW(next(with(0, 'x')), ProtocolError);     // magic
    EXPECT_THROW(next(with(4, 9)), ProtocolError);       // version
    EXPECT_THROW(next(with(11, 0x7f)), ProtocolError);   // 2 GiB announced
    EXPECT_FALSE(next(good.substr(0, 15)).has_value());  // not complete yet
}

TEST(WireTest, RefusesMessagesThatDoNotFitTheirType) {
    Frame frame = only_frame(encode(FromWorkerMessage(Failed{1, 1, FailureKind::BadData, "x"})));
    EXPECT_THROW(decode_to_worker(frame), ProtocolError);  // wrong direction
    Frame longer = frame;
    longer.payload += '\0';
    EXPECT_THROW(decode_from_worker(longer), ProtocolError);
    Frame kind = frame;
    kind.payload[8] = 100;
    EXPECT_THROW(decode_from_worker(kind), ProtocolError);
    Frame list = only_frame(encode(FromWorkerMessage(Ready{})));
    list.payload.replace(list.payload.size() - 4, 4, "\xff\xff\xff\xff");
    EXPECT_THROW(decode_from_worker(list), ProtocolError);
}

TEST(WireTest, RefusesAMessageOverTheLimit) {
    EXPECT_THROW(encode(Finished{1, 1, std::string(kMaxPayloadBytes + 1, 'x')}), ProtocolError);
}

TEST(WireTest, EnvelopeHoldsExactlyOneFrame) {
    const std::string frame = encode(FromWorkerMessage(Heartbeat{5}));
    const Envelope envelope = unwrap(wrap(3, frame));
    EXPECT_EQ(envelope.slot, 3U);
    EXPECT_EQ(std::get<Heartbeat>(decode_from_worker(envelope.frame)).step, 5U);
    EXPECT_THROW(unwrap(""), ProtocolError);
    EXPECT_THROW(unwrap(wrap(3, frame.substr(0, 14))), ProtocolError);
    EXPECT_THROW(unwrap(wrap(3, frame + "x")), ProtocolError);
}

// Whatever the bytes, decoding ends with messages or a ProtocolError.
void decode_all(const std::string& bytes) {
    try {
        FrameDecoder decoder;
        decoder.feed(bytes);
        while (const std::optional<Frame> frame = decoder.next()) {
            try {
                decode_from_worker(*frame);
            } catch (const ProtocolError&) {
            }
            try {
                decode_to_worker(*frame);
            } catch (const ProtocolError&) {
            }
        }
    } catch (const ProtocolError&) {
    }
}

TEST(WireTest, HostileBytesGiveAnErrorNeverACrash) {
    std::mt19937 random(20240607);
    const auto byte = [&] { return static_cast<char>(random() & 0xffU); };
    for (int round = 0; round < 2000; ++round) {
        std::string noise(random() % 200, '\0');
        for (char& at : noise) {
            at = byte();
        }
        decode_all(noise);
    }
    std::vector<std::string> seeds;
    for (const FromWorkerMessage& message : messages_from_worker()) {
        seeds.push_back(encode(message));
    }
    for (const ToWorkerMessage& message : messages_to_worker()) {
        seeds.push_back(encode(message));
    }
    for (int round = 0; round < 50000; ++round) {
        std::string bytes = seeds[random() % seeds.size()];
        for (unsigned change = 0; change < 1 + random() % 4; ++change) {
            bytes[random() % bytes.size()] = byte();
        }
        if (random() % 4 == 0) {
            bytes.resize(random() % (bytes.size() + 1));
        }
        decode_all(bytes);
    }
}

}  // namespace
}  // namespace harrow::coordinator
