#pragma once

#include <filesystem>
#include <string>

namespace harrow::cli {

/// A folder to build a run directory in: in the empty folder that stands at its place, else beside
/// the place. Removed at the end, unless it became the run directory.
class ImportWorkshop {
public:
    /// Of the run directory `dir`, whose parents are made. Throws StorageError.
    explicit ImportWorkshop(const std::string& dir);
    ~ImportWorkshop();
    ImportWorkshop(const ImportWorkshop&) = delete;
    ImportWorkshop& operator=(const ImportWorkshop&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// Makes the run directory; `last` is the file that makes a folder one. Throws UsageError when
    /// something has come to stand there meanwhile, StorageError when it cannot be written.
    void publish(const std::filesystem::path& last);

    /// Removes what imports of this host into `dir` left that were killed. What cannot be removed
    /// stays. Throws StorageError when `dir` cannot be looked at.
    static void remove_dead(const std::string& dir);

private:
    struct Site {
        std::filesystem::path place;   ///< absolute; of a folder that exists, without links
        std::filesystem::path parent;  ///< of the workshop
        std::string stem;              ///< of the workshop's name, to be followed by the process
        bool exists = false;
    };
    static Site site_of(const std::string& dir);
    void fill_place(const std::filesystem::path& last);
    [[noreturn]] void refuse_content() const;

    Site site_;
    std::filesystem::path path_;
};

}  // namespace harrow::cli
