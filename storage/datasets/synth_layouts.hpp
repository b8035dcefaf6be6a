#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "storage/datasets/image.hpp"

namespace harrow::storage {

/// One finished picture of a synthetic class.
struct SynthPicture {
    std::string class_name;
    bool is_training = false;
    std::string type;  ///< "good" or the kind of defect
    int index = 0;     ///< within class, split and type, from 0
    const Image& image;
    const Image* mask = nullptr;  ///< of a defective one
};

/// Puts pictures where a layout wants them. Throws sweeps::StorageError when writing fails.
class SynthWriter {
public:
    SynthWriter() = default;
    SynthWriter(const SynthWriter&) = delete;
    SynthWriter& operator=(const SynthWriter&) = delete;
    virtual ~SynthWriter() = default;
    virtual void add(const SynthPicture& picture) = 0;
    /// After the last picture.
    virtual void finish() {}
};

/// For a name of layouts(); null for another. Everything is written below `directory`, as PNG in
/// every layout, so that all hold the same pixels.
std::unique_ptr<SynthWriter> make_synth_writer(const std::string& layout,
                                               const std::filesystem::path& directory);

}  // namespace harrow::storage
