#include "coordinator/output_tail.hpp"

#include <algorithm>

namespace harrow::coordinator {
namespace {

// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : (lead & 0xF0) == 0xE0        ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    const bool too_high = lead == 0xF4 && byte(1) > 0x8F;
    return overlong || surrogate || too_high ? 0 : length;
}

}  // namespace

std::string printable_utf8(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const auto lead = static_cast<unsigned char>(text.front());
        if (length == 0) {
            result += '?';
        } else if (lead >= 0x20 || lead == '\t' || lead == '\n') {
            result += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

void OutputTail::feed(std::string_view bytes, const std::function<void(std::string_view)>& sink) {
    while (!bytes.empty()) {
        const std::size_t room = kMaxLineBytes - partial_.size();
        const std::size_t end = bytes.find('\n');
        const std::size_t taken = std::min({end, room, bytes.size()});
        partial_ += bytes.substr(0, taken);
        const bool line_ends = taken == end;
        bytes.remove_prefix(taken + (line_ends ? 1 : 0));
        if (line_ends || partial_.size() == kMaxLineBytes) {
            complete(sink);
        }
    }
}

void OutputTail::finish(const std::function<void(std::string_view)>& sink) {
    if (!partial_.empty()) {
        complete(sink);
    }
}

void OutputTail::complete(const std::function<void(std::string_view)>& sink) {
    lines_.push_back(printable_utf8(partial_));
    partial_.clear();
    if (lines_.size() > kMaxLines) {
        lines_.pop_front();
    }
    if (sink) {
        sink(lines_.back());
    }
}

std::string OutputTail::text() const {
    std::string result;
    for (const std::string& line : lines_) {
        result += (result.empty() ? "" : "\n") + line;
    }
    return result;
}

void OutputTail::clear() {
    lines_.clear();
    partial_.clear();
}

}  // namespace harrow::coordinator
