#include "storage/datasets/synth_layouts.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "storage/files.hpp"
#include "storage/results.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

std::string stem_of(int image) {
    char text[16];
    std::snprintf(text, sizeof text, "%03d", image);
    return text;
}

/// Plain write: the whole data set is published by one rename at the end.
void write_bytes(const fs::path& path, std::string_view bytes) {
    storage::create_directories(path.parent_path());
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file) {
        throw sweeps::StorageError(io_error_text("create", path, errno));
    }
    write_all(file.get(), bytes, path);
    if (::close(file.release()) != 0) {  // some file systems report a full disk only here
        throw sweeps::StorageError(io_error_text("write", path, errno));
    }
}

bool is_training(const SynthPicture& picture) {
    return picture.split == SynthSplit::Train;
}

/// mvtec and mpdd.
class ClassFolderWriter : public SynthWriter {
public:
    explicit ClassFolderWriter(fs::path directory) : directory_(std::move(directory)) {}

    void add(const SynthPicture& picture) override {
        write_bytes(directory_ / image_path(picture), encode_png(picture.image));
        if (picture.mask != nullptr) {
            write_bytes(directory_ / mask_path(picture), encode_png(*picture.mask));
        }
    }

protected:
    const fs::path& directory() const { return directory_; }
    static std::string image_path(const SynthPicture& picture) {
        return picture.class_name + (is_training(picture) ? "/train/" : "/test/") + picture.type +
               "/" + stem_of(picture.index) + ".png";
    }
    static std::string mask_path(const SynthPicture& picture) {
        return picture.class_name + "/ground_truth/" + picture.type + "/" + stem_of(picture.index) +
               "_mask.png";
    }

private:
    fs::path directory_;
};

/// The folders of mvtec, and dataset.csv over them.
class CsvWriter : public ClassFolderWriter {
public:
    using ClassFolderWriter::ClassFolderWriter;

    void add(const SynthPicture& picture) override {
        ClassFolderWriter::add(picture);
        rows_ += csv_field(image_path(picture)) + "," + csv_field(picture.class_name) +
                 (is_training(picture) ? ",train," : ",test,") + csv_field(picture.type) + "," +
                 (picture.mask != nullptr ? csv_field(mask_path(picture)) : "") + "\n";
    }
    void finish() override {
        write_bytes(directory() / "dataset.csv", "path,class,split,label,mask\n" + rows_);
    }

private:
    std::string rows_;
};

/// Numbers the pictures of a folder in the order in which they come.
class FolderCounter {
public:
    std::string next_stem(const std::string& folder) { return stem_of(next_[folder]++); }

private:
    std::map<std::string, int> next_;
};

class VisaWriter : public SynthWriter {
public:
    explicit VisaWriter(fs::path directory) : directory_(std::move(directory)) {}

    void add(const SynthPicture& picture) override {
        const bool defective = picture.mask != nullptr;
        const std::string data = picture.class_name + "/Data/";
        const std::string folder = data + (defective ? "Images/Anomaly/" : "Images/Normal/");
        const std::string stem = counter_.next_stem(folder);
        const std::string mask = defective ? data + "Masks/Anomaly/" + stem + ".png" : "";
        write_bytes(directory_ / (folder + stem + ".png"), encode_png(picture.image));
        if (defective) {
            write_bytes(directory_ / mask, encode_png(*picture.mask));
        }
        rows_ += picture.class_name + (is_training(picture) ? ",train," : ",test,") +
                 (defective ? "anomaly," : "normal,") + folder + stem + ".png," + mask + "\n";
    }
    void finish() override {
        write_bytes(directory_ / "split_csv" / "1cls.csv",
                    "object,split,label,image,mask\n" + rows_);
    }

private:
    fs::path directory_;
    FolderCounter counter_;
    std::string rows_;
};

/// Its classes bear the names of the real ones, so that a sweep over those runs on drawn ones too.
class MvtecAd2Writer : public SynthWriter {
public:
    explicit MvtecAd2Writer(fs::path directory) : directory_(std::move(directory)) {}

    std::string class_name(int index, const std::string& /*drawn*/) const override {
        // in AnomalyVFM's order (B1), with the category it leaves out at the end
        static constexpr std::array<const char*, 8> kNames = {
            "fruit_jelly", "fabric", "can", "sheet_metal", "vial", "wallplugs", "walnuts", "rice"};
        const std::size_t number = static_cast<std::size_t>(index);
        return numbered_name(kNames[number % kNames.size()],
                             index / static_cast<int>(kNames.size()));
    }
    bool has_validation() const override { return true; }

    void add(const SynthPicture& picture) override {
        const std::string category = picture.class_name + "/" + picture.class_name + "/";
        const std::string folder =
            category + split_folder(picture.split) + (picture.mask != nullptr ? "bad/" : "good/");
        const std::string stem = counter_.next_stem(folder);
        write_bytes(directory_ / (folder + stem + ".png"), encode_png(picture.image));
        if (picture.mask != nullptr) {
            write_bytes(
                directory_ / (category + "test_public/ground_truth/bad/" + stem + "_mask.png"),
                encode_png(*picture.mask));
        }
    }

private:
    static std::string split_folder(SynthSplit split) {
        return split == SynthSplit::Train  ? "train/"
               : split == SynthSplit::Test ? "test_public/"
                                           : "validation/";
    }

    fs::path directory_;
    FolderCounter counter_;
};

}  // namespace

std::string numbered_name(const std::string& name, int round) {
    return name + (round == 0 ? "" : "_" + std::to_string(round + 1));
}

std::unique_ptr<SynthWriter> make_synth_writer(const std::string& layout,
                                               const fs::path& directory) {
    if (layout == "mvtec" || layout == "mpdd") {
        return std::make_unique<ClassFolderWriter>(directory);
    }
    if (layout == "mvtec_ad2") {
        return std::make_unique<MvtecAd2Writer>(directory);
    }
    if (layout == "visa") {
        return std::make_unique<VisaWriter>(directory);
    }
    if (layout == "csv") {
        return std::make_unique<CsvWriter>(directory);
    }
    return nullptr;
}

}  // namespace harrow::storage
