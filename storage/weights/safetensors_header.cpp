#include "storage/weights/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

using sweeps::DataError;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr std::string_view kMetadata = "__metadata__";

struct Dtype {
    std::string_view name;
    std::uint64_t bits;
};
constexpr std::array<Dtype, 15> kDtypes = {{{"BOOL", 8},
                                            {"U8", 8},
                                            {"I8", 8},
                                            {"F8_E4M3", 8},
                                            {"F8_E5M2", 8},
                                            {"I16", 16},
                                            {"U16", 16},
                                            {"F16", 16},
                                            {"BF16", 16},
                                            {"I32", 32},
                                            {"U32", 32},
                                            {"F32", 32},
                                            {"F64", 64},
                                            {"I64", 64},
                                            {"U64", 64}}};

/// Names come from the file and end in messages: shortened, without control characters.
std::string in_quotes(const std::string& name) {
    constexpr std::size_t kShown = 120;
    std::size_t shown = std::min(name.size(), kShown);
    while (shown < name.size() && shown > 0 && (name[shown] & 0xC0) == 0x80) {
        --shown;  // not inside a UTF-8 character
    }
    std::string text;
    for (const char c : name.substr(0, shown)) {
        text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
    return "'" + text + (name.size() > shown ? "…'" : "'");
}

std::optional<std::uint64_t> checked_product(const std::vector<std::int64_t>& shape) {
    std::uint64_t product = 1;
    bool is_empty = false;
    for (const std::int64_t size : shape) {
        if (size == 0) {
            is_empty = true;
        } else if (__builtin_mul_overflow(product, static_cast<std::uint64_t>(size), &product)) {
            return std::nullopt;
        }
    }
    return is_empty ? 0 : product;
}

/// Receives the JSON piece by piece; no tree is built, so that a key that stands twice is seen and
/// nesting costs nothing. Each callback answers whether to go on.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
public:
    const std::string& error() const { return error_; }
    SafetensorsHeader take() { return std::move(header_); }

    bool start_object(std::size_t) override {
        switch (place_) {
            case Place::Outside:
                place_ = Place::Top;
                return true;
            case Place::Top:
                return start_member();
            default:
                return unexpected("an object");
        }
    }
    bool end_object() override {
        if (place_ == Place::Top) {
            place_ = Place::Outside;
            return true;
        }
        const bool is_entry = place_ == Place::Entry;
        place_ = Place::Top;
        return is_entry ? finish_entry() : true;
    }
    bool start_array(std::size_t) override {
        if (place_ == Place::Entry && (part_ == "shape" || part_ == "data_offsets")) {
            place_ = Place::Numbers;
            numbers_.clear();
            return true;
        }
        return unexpected("a list");
    }
    bool end_array() override {
        place_ = Place::Entry;
        return part_ == "shape" ? take_shape() : take_offsets();
    }
    bool key(std::string& name) override {
        if (place_ == Place::Top) {
            name_ = name;
            return names_.insert(name).second || fail(in_quotes(name) + " stands twice");
        }
        part_ = name;
        if (!parts_.insert(name).second) {
            return fail(in_quotes(name_) + " has " + in_quotes(name) + " twice");
        }
        const bool known = name == "dtype" || name == "shape" || name == "data_offsets";
        return place_ == Place::Metadata || known ||
               fail(in_quotes(name_) + " has an unknown part " + in_quotes(name) +
                    "; dtype, shape and data_offsets are expected");
    }
    bool string(std::string& value) override {
        if (place_ == Place::Metadata) {
            header_.metadata.emplace(part_, value);
            return true;
        }
        if (place_ == Place::Entry && part_ == "dtype") {
            entry_.dtype = value;
            return !value.empty() || fail(in_quotes(name_) + " has an empty dtype");
        }
        return unexpected("a text");
    }
    bool number_unsigned(std::uint64_t value) override {
        if (place_ != Place::Numbers) {
            return unexpected("a number");
        }
        numbers_.push_back(value);
        return true;
    }
    bool number_integer(std::int64_t value) override {
        return unexpected("the number " + std::to_string(value));
    }
    bool number_float(double, const std::string& text) override {
        return unexpected("the number " + in_quotes(text));
    }
    bool null() override { return unexpected("null"); }
    bool boolean(bool) override { return unexpected("a truth value"); }
    bool binary(nlohmann::json::binary_t&) override { return unexpected("binary data"); }
    bool parse_error(std::size_t position,
                     const std::string&,
                     const nlohmann::json::exception& error) override {
        const std::string_view text = error.what();  // "[…] parse error at …: reason; last read: …"
        const std::size_t begin = text.find(": ");
        const std::size_t end = std::min(text.find("; last read"), text.size());
        return fail("it is no valid JSON at byte " + std::to_string(kLengthBytes + position) +
                    (begin < end ? std::string(text.substr(begin, end - begin)) : ""));
    }

private:
    enum class Place { Outside, Top, Entry, Metadata, Numbers };

    bool fail(const std::string& message) {
        error_ = error_.empty() ? message : error_;
        return false;
    }
    bool unexpected(const std::string& what) {
        if (place_ == Place::Outside) {
            return fail(what + " stands where an object of tensors is expected");
        }
        const std::string where = place_ == Place::Top
                                      ? in_quotes(name_)
                                      : in_quotes(name_) + ", part " + in_quotes(part_);
        return fail(where + ": " + what + " is not expected there");
    }
    bool start_member() {
        place_ = name_ == kMetadata ? Place::Metadata : Place::Entry;
        parts_.clear();
        entry_ = TensorEntry();
        entry_.name = name_;
        return true;
    }
    bool take_shape() {
        for (const std::uint64_t size : numbers_) {
            if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
                return fail(in_quotes(name_) + " has a size of " + std::to_string(size) +
                            " in its shape");
            }
            entry_.shape.push_back(static_cast<std::int64_t>(size));
        }
        return true;
    }
    bool take_offsets() {
        if (numbers_.size() != 2 || numbers_[0] > numbers_[1]) {
            return fail(in_quotes(name_) + ": data_offsets are no pair [begin, end]");
        }
        entry_.offset = numbers_[0];
        entry_.bytes = numbers_[1] - numbers_[0];
        return true;
    }
    bool finish_entry() {
        for (const char* part : {"dtype", "shape", "data_offsets"}) {
            if (parts_.count(part) == 0) {
                return fail(in_quotes(name_) + " has no " + part);
            }
        }
        header_.tensors.push_back(std::move(entry_));
        return true;
    }

    SafetensorsHeader header_;
    Place place_ = Place::Outside;
    std::string name_;  ///< of the current member of the top object
    std::string part_;  ///< current key inside it
    std::set<std::string> names_, parts_;
    TensorEntry entry_;
    std::vector<std::uint64_t> numbers_;
    std::string error_;
};

/// Bytes must be what shape and dtype say.
void check_size(const TensorEntry& entry) {
    const std::optional<std::uint64_t> count = checked_product(entry.shape);
    std::uint64_t bits = 0;
    if (!count || __builtin_mul_overflow(entry.bytes, std::uint64_t{8}, &bits)) {
        throw DataError(in_quotes(entry.name) +
                        " has a shape with more values than 64 bits can count");
    }
    const auto* const known = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const Dtype& dtype) {
        return dtype.name == entry.dtype;
    });
    if (known == kDtypes.end()) {
        const bool has_size = *count == 0 ? bits == 0 : bits >= *count && bits % *count == 0;
        if (!has_size) {
            throw DataError(in_quotes(entry.name) + " has the unknown dtype " +
                            in_quotes(entry.dtype) + ", and " + std::to_string(entry.bytes) +
                            " bytes are no whole number " + "of bits for each of its " +
                            std::to_string(*count) + " values");
        }
        return;
    }
    std::uint64_t expected = 0;
    if (__builtin_mul_overflow(*count, known->bits, &expected) || expected != bits) {
        throw DataError(in_quotes(entry.name) + " has " + std::to_string(entry.bytes) +
                        " bytes, but its shape holds " + std::to_string(*count) + " values of " +
                        std::to_string(known->bits / 8) + " bytes (" + entry.dtype + ")");
    }
}

/// Each byte behind the header belongs to exactly one tensor. Offsets still count from there.
void check_layout(const std::vector<TensorEntry>& tensors, std::uint64_t data_bytes) {
    std::vector<const TensorEntry*> order;
    order.reserve(tensors.size());
    for (const TensorEntry& entry : tensors) {
        order.push_back(&entry);
    }
    std::sort(order.begin(), order.end(), [](const TensorEntry* a, const TensorEntry* b) {
        return std::pair(a->offset, a->bytes) < std::pair(b->offset, b->bytes);
    });
    std::uint64_t end = 0;
    for (const TensorEntry* entry : order) {
        if (entry->offset > data_bytes || entry->bytes > data_bytes - entry->offset) {
            throw DataError(in_quotes(entry->name) + " ends at byte " +
                            std::to_string(entry->offset + entry->bytes) + " of the data, but " +
                            std::to_string(data_bytes) + " bytes follow the header; the file is " +
                            "cut short or was not written whole");
        }
        if (entry->offset != end) {
            throw DataError(in_quotes(entry->name) + " starts at byte " +
                            std::to_string(entry->offset) + " of the data, the tensor before it " +
                            "ends at " + std::to_string(end) + ": tensors must neither overlap " +
                            "nor leave holes");
        }
        end += entry->bytes;
    }
    if (end != data_bytes) {
        throw DataError(std::to_string(data_bytes - end) + " bytes at the end of the file belong " +
                        "to no tensor");
    }
}

/// `head` holds at least the length field.
std::uint64_t length_in(std::string_view head) noexcept {
    std::uint64_t length = 0;
    for (std::size_t i = kLengthBytes; i-- > 0;) {  // little endian
        length = (length << 8) | static_cast<unsigned char>(head[i]);
    }
    return length;
}

}  // namespace

bool starts_as_safetensors(std::string_view head) noexcept {
    return head.size() > kLengthBytes && head[kLengthBytes] == '{' &&
           length_in(head) <= kMaxHeaderBytes;
}

std::uint64_t safetensors_header_bytes(std::string_view head, std::uint64_t file_bytes) {
    if (head.size() < kLengthBytes || file_bytes < kLengthBytes) {
        throw DataError("it has only " + std::to_string(file_bytes) +
                        " bytes; a safetensors file starts with an 8 byte length");
    }
    const std::uint64_t length = length_in(head);
    if (length > kMaxHeaderBytes || length > file_bytes - kLengthBytes) {
        throw DataError("its header would be " + std::to_string(length) + " bytes long, but " +
                        (length > kMaxHeaderBytes
                             ? "the format allows 100000000"
                             : "only " + std::to_string(file_bytes - kLengthBytes) + " follow") +
                        "; it is no safetensors file, or it is cut short");
    }
    return kLengthBytes + length;
}

SafetensorsHeader parse_safetensors(std::string_view head, std::uint64_t file_bytes) {
    const std::uint64_t header_bytes = safetensors_header_bytes(head, file_bytes);
    if (head.size() < header_bytes) {
        throw DataError("its header is cut short");
    }
    const std::string_view json = head.substr(kLengthBytes, header_bytes - kLengthBytes);
    if (json.empty() || json.front() != '{') {
        throw DataError("its header does not start with '{'");
    }
    if (json.find('\0') != std::string_view::npos) {  // the JSON library would stop reading there
        throw DataError("its header holds a zero byte");
    }
    HeaderReader reader;
    if (!nlohmann::json::sax_parse(json.begin(), json.end(), &reader)) {
        throw DataError("its header is wrong: " + reader.error());
    }
    SafetensorsHeader header = reader.take();
    for (const TensorEntry& entry : header.tensors) {
        check_size(entry);
    }
    check_layout(header.tensors, file_bytes - header_bytes);
    for (TensorEntry& entry : header.tensors) {
        entry.offset += header_bytes;
    }
    std::sort(header.tensors.begin(),
              header.tensors.end(),
              [](const TensorEntry& a, const TensorEntry& b) { return a.name < b.name; });
    return header;
}

std::uint64_t element_count(const TensorEntry& entry) noexcept {
    return checked_product(entry.shape).value_or(0);
}

}  // namespace harrow::storage
