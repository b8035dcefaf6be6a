#include "storage/imports/read_import.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "storage/files.hpp"
#include "storage/imports/cell_table.hpp"
#include "storage/imports/csv_reader.hpp"
#include "storage/imports/import_numbers.hpp"
#include "storage/imports/result_table.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {
namespace {

/// A file's bytes in order, counted and hashed.
class HashedFile {
public:
    explicit HashedFile(const std::string& path)
        : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (!descriptor_) {
            throw_io_error("read", path_, errno);
        }
    }

    std::size_t read(char* to, std::size_t count) {
        ssize_t got = 0;
        do {
            got = ::read(descriptor_.get(), to, count);
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            throw_io_error("read", path_, errno);
        }
        hasher_.update({to, static_cast<std::size_t>(got)});
        bytes_ += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
    }

    ImportedFile description() const { return {path_, bytes_, hasher_.digest()}; }

private:
    std::string path_;
    FileDescriptor descriptor_;
    sweeps::Hasher hasher_;
    std::uint64_t bytes_ = 0;
};

class ImportReader {
public:
    explicit ImportReader(const ImportRequest& request) : request_(request) {}

    Import read() {
        for (const std::string& file : request_.files) {
            read_results(file);
        }
        if (!request_.cells.empty() && !import_.table.problems().is_full()) {
            read_file(request_.cells, [&](CsvReader& reader, std::uint32_t file) {
                read_cell_table(reader, file, import_.table, cell_columns_);
            });
        }
        import_.table.finish();
        import_.table.problems().refuse();
        return std::move(import_);
    }

private:
    template <typename ReadTable>
    void read_file(const std::string& path, ReadTable&& read_table) {
        const std::uint32_t file = import_.table.add_file(path);
        const FileLook look = look_at_file(path);
        if (look.presence != FileLook::Presence::Regular) {
            import_.table.problem({file, 0}, "the file " + look.why);
            return;
        }
        HashedFile bytes(path);
        try {
            CsvReader reader(
                [&bytes](char* to, std::size_t count) { return bytes.read(to, count); });
            if (reader.next()) {
                read_table(reader, file);
            } else {
                import_.table.problem({file, 1}, "the file is empty");
            }
        } catch (const CsvDamage& damage) {
            import_.table.problem({file, damage.line()}, damage.what());
        }
        import_.files.push_back(bytes.description());
    }

    void read_results(const std::string& path) {
        read_file(path, [&](CsvReader& reader, std::uint32_t file) {
            std::vector<std::string> header;
            for (const std::string_view field : reader.fields()) {
                header.emplace_back(trimmed_field(field));
            }
            if (is_result_table(header)) {
                read_result_table(reader, file, import_.table, cell_columns_);
            } else {
                import_.table.problem(
                    {file, reader.line()},
                    "this header is not known; a table of results begins with cell,seed,metric,"
                    "value or with cell,seed and one column per metric");
            }
        });
    }

    const ImportRequest& request_;
    Import import_;
    CellColumns cell_columns_{import_.table};
};

}  // namespace

Import read_import(const ImportRequest& request) {
    return ImportReader(request).read();
}

}  // namespace harrow::storage
