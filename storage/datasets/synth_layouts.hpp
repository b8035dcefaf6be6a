#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "storage/datasets/image.hpp"

namespace harrow::storage {

enum class SynthSplit { Train, Test, Validation };

/// One finished picture of a synthetic class.
struct SynthPicture {
    std::string class_name;
    SynthSplit split = SynthSplit::Train;
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
    /// What the layout calls a class, by its number from 0 and what is drawn in it.
    virtual std::string class_name(int /*index*/, const std::string& drawn) const { return drawn; }
    virtual bool has_validation() const { return false; }
    /// After the last picture.
    virtual void finish() {}
};

/// "gear", "gear_2", "gear_3", … for rounds 0, 1, 2, …
std::string numbered_name(const std::string& name, int round);

/// For a name of layouts(); null for another. Everything is written below `directory`, as PNG in
/// every layout, so that all hold the same pixels.
std::unique_ptr<SynthWriter> make_synth_writer(const std::string& layout,
                                               const std::filesystem::path& directory);

}  // namespace harrow::storage
