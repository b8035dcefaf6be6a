#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/table.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "storage/weights/architecture.hpp"
#include "storage/weights/safetensors.hpp"
#include "storage/weights/weights_digest.hpp"
#include "storage/weights/weights_file.hpp"
#include "sweeps/public_weights.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Inspection {
    std::string path;  ///< absolute
    std::uint64_t bytes = 0;
    std::string sha256;
    const sweeps::PublicWeights* known = nullptr;  ///< null: no file whose digest is known
    storage::WeightsArchitecture architecture;
    std::vector<const sweeps::PublicWeights*> published;  ///< for that architecture
    std::map<std::string, std::size_t> dtypes;
    std::uint64_t parameters = 0;
    std::vector<std::string> unused;  ///< tensors that no backbone reads
};

Inspection inspect(const storage::SafetensorsFile& file) {
    Inspection found;
    found.path = std::filesystem::absolute(file.path()).lexically_normal().string();
    found.bytes = storage::open_weights(file.path()).bytes;
    found.sha256 = storage::weights_digest(file.path());
    found.known = sweeps::public_weights_by_digest(found.sha256);
    found.architecture = storage::guess_architecture(file.tensors());
    found.published = sweeps::public_weights_of(found.architecture.backbone);
    found.parameters = storage::parameter_count(file.tensors());
    for (const storage::TensorEntry& tensor : file.tensors()) {
        ++found.dtypes[tensor.dtype];
        if (storage::is_unused_tensor(tensor)) {
            found.unused.push_back(tensor.name);
        }
    }
    return found;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::string text;
    for (const std::int64_t size : shape) {
        text += (text.empty() ? "" : ", ") + std::to_string(size);
    }
    return "[" + text + "]";
}

Json public_json(const sweeps::PublicWeights& weights) {
    return {{"backbone", weights.backbone},
            {"tag", weights.tag},
            {"file", weights.file},
            {"page", sweeps::page_of(weights)},
            {"sha256", weights.sha256.empty() ? Json() : Json(weights.sha256)},
            {"note", weights.note}};
}

Json architecture_json(const storage::WeightsArchitecture& architecture) {
    if (architecture.family.empty()) {
        return nullptr;
    }
    Json json = {{"family", architecture.family},
                 {"names", architecture.naming},
                 {"backbone", architecture.backbone.empty() ? Json() : Json(architecture.backbone)},
                 {"depth", architecture.depth},
                 {"width", architecture.width}};
    if (architecture.patch == 0) {
        json["blocks"] = architecture.blocks;
    } else {
        json["patch"] = architecture.patch;
        json["registers"] = architecture.registers;
        json["image_size"] = architecture.image_size;
    }
    return json;
}

Json inspection_json(const Inspection& found,
                     const storage::SafetensorsFile& file,
                     bool with_tensors) {
    Json published = Json::array();
    for (const sweeps::PublicWeights* weights : found.published) {
        published.push_back(public_json(*weights));
    }
    Json json = {{"path", found.path},
                 {"bytes", found.bytes},
                 {"sha256", found.sha256},
                 {"public", found.known == nullptr ? Json() : public_json(*found.known)},
                 {"architecture", architecture_json(found.architecture)},
                 {"published", std::move(published)},
                 {"tensors", file.tensors().size()},
                 {"parameters", found.parameters},
                 {"dtypes", found.dtypes},
                 {"unused", found.unused},
                 {"metadata", file.metadata()}};
    if (with_tensors) {
        Json table = Json::array();
        for (const storage::TensorEntry& tensor : file.tensors()) {
            table.push_back({{"name", tensor.name},
                             {"dtype", tensor.dtype},
                             {"shape", tensor.shape},
                             {"bytes", tensor.bytes}});
        }
        json["table"] = std::move(table);
    }
    return json;
}

std::string known_text(const Inspection& found) {
    if (found.known != nullptr) {
        return sweeps::download_text(*found.known);
    }
    std::string text = "unknown: no public file with this SHA-256 is known";
    if (found.published.empty()) {
        return text;
    }
    text += ". Published for " + found.architecture.backbone + ":";
    for (const sweeps::PublicWeights* weights : found.published) {
        text += "\n             " + sweeps::download_text(*weights) +
                (weights->sha256.empty()
                     ? ", SHA-256 not known here"
                     : ", SHA-256 " + std::string(weights->sha256.substr(0, 8)) + "…");
    }
    return text;
}

std::string unused_text(const std::vector<std::string>& unused) {
    std::string text;
    std::size_t counters = 0;
    for (const std::string& name : unused) {
        if (name.find("num_batches_tracked") != std::string::npos) {
            ++counters;
        } else {
            text += (text.empty() ? "" : ", ") + printable(name);
        }
    }
    if (counters > 0) {
        text += (text.empty() ? "" : ", ") + std::to_string(counters) + " × num_batches_tracked";
    }
    return text.empty() ? "none" : text;
}

std::string inspection_text(const Inspection& found,
                            const storage::SafetensorsFile& file,
                            bool with_tensors) {
    std::string dtypes;
    for (const auto& [dtype, count] : found.dtypes) {
        dtypes += (dtypes.empty() ? ": " : ", ") + std::to_string(count) + " " + printable(dtype);
    }
    const storage::WeightsArchitecture& architecture = found.architecture;
    const std::string fits =
        architecture.family.empty() ? "no architecture that Harrow knows"
        : architecture.backbone.empty()
            ? storage::architecture_text(architecture) + "; fits no backbone of Harrow"
            : architecture.backbone + " (" + storage::architecture_text(architecture) + ")";
    std::ostringstream text;
    text << printable(found.path) << "\n"
         << "  size       " << found.bytes << " bytes\n"
         << "  sha256     " << found.sha256 << "\n"
         << "  public     " << known_text(found) << "\n"
         << "  backbone   " << fits << "\n"
         << "  tensors    " << file.tensors().size() << dtypes << "\n"
         << "  parameters " << found.parameters << "\n"
         << "  not used   " << unused_text(found.unused) << "\n";
    if (with_tensors) {
        analysis::TextTable table{{"tensor", "dtype", "shape", "bytes"}, {}, true};
        for (const storage::TensorEntry& tensor : file.tensors()) {
            table.rows.push_back({printable(tensor.name),
                                  printable(tensor.dtype),
                                  shape_text(tensor.shape),
                                  std::to_string(tensor.bytes)});
        }
        text << "\n" << analysis::aligned_table(table);
    }
    return text.str();
}

}  // namespace

sweeps::ExitCode run_verb(const WeightsInspectOptions& options) {
    const storage::SafetensorsFile file = storage::SafetensorsFile::open(options.file);
    const Inspection found = inspect(file);
    if (options.json) {
        // A path may be no UTF-8; JSON must be.
        std::cout << inspection_json(found, file, options.tensors)
                         .dump(2, ' ', false, Json::error_handler_t::replace)
                  << "\n";
    } else {
        std::cout << inspection_text(found, file, options.tensors);
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
