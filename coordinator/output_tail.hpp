#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace harrow::coordinator {

/// The last lines of a child's output. Bytes that are not UTF-8 become '?', because the lines end
/// up in JSON.
class OutputTail {
public:
    static constexpr std::size_t kMaxLines = 200;
    static constexpr std::size_t kMaxLineBytes = 4096;  ///< longer lines are cut in pieces

    /// Calls `sink` for every line that is now complete.
    void feed(std::string_view bytes, const std::function<void(std::string_view)>& sink);
    /// Takes an unfinished last line for complete.
    void finish(const std::function<void(std::string_view)>& sink);
    std::string text() const;  ///< lines joined by '\n'
    void clear();

private:
    void complete(const std::function<void(std::string_view)>& sink);

    std::deque<std::string> lines_;
    std::string partial_;
};

/// `text` with every byte that is no part of valid UTF-8 replaced by '?', and control characters
/// other than tab and line end dropped.
std::string printable_utf8(std::string_view text);

}  // namespace harrow::coordinator
