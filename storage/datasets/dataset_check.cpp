#include "storage/datasets/dataset_check.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>

#include "storage/datasets/check_findings.hpp"
#include "storage/datasets/layout_readers.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;
using Level = CheckFinding::Level;

constexpr unsigned kMaxThreads = 16;

void decode_mask(const fs::path& path, CheckedImage& image) {
    try {
        const Image mask = read_mask(path);
        image.mask_size = {mask.width, mask.height};
        image.mask_is_empty = std::all_of(
            mask.pixels.begin(), mask.pixels.end(), [](std::uint8_t v) { return v == 0; });
    } catch (const std::exception& error) {
        image.mask_error = error.what();
    }
}

void decode(const fs::path& root, CheckedImage& image) {
    const fs::path path = root / image.entry->relative_path;
    try {
        const std::string bytes = read_image_bytes(path);
        image.bytes = static_cast<std::int64_t>(bytes.size());
        const Image picture = decode_image(bytes, path);
        image.size = {picture.width, picture.height};
        image.digest = sweeps::hash_text(bytes);
    } catch (const std::exception& error) {
        image.error = error.what();
    }
    if (!image.entry->mask_path.empty()) {
        decode_mask(root / image.entry->mask_path, image);
    }
}

void decode_all(const fs::path& root,
                std::vector<CheckedImage>& images,
                int threads,
                const std::function<void(std::int64_t, std::int64_t)>& on_progress) {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::int64_t done = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < images.size(); i = next++) {
            decode(root, images[i]);
            const std::lock_guard<std::mutex> lock(mutex);
            ++done;
            if (on_progress) {
                on_progress(done, static_cast<std::int64_t>(images.size()));
            }
        }
    };
    const unsigned wanted =
        threads > 0 ? static_cast<unsigned>(threads) : std::thread::hardware_concurrency();
    std::vector<std::thread> others;
    try {
        for (unsigned i = 1; i < std::clamp(wanted, 1U, kMaxThreads); ++i) {
            others.emplace_back(work);
        }
    } catch (const std::system_error&) {
        // fewer threads do it as well
    }
    work();
    for (std::thread& thread : others) {
        thread.join();
    }
}

ClassCounts count(const DatasetClass& found) {
    ClassCounts counts;
    counts.name = found.name;
    counts.train = static_cast<std::int64_t>(found.train.size());
    counts.test = static_cast<std::int64_t>(found.test.size());
    counts.validation = static_cast<std::int64_t>(found.validation.size());
    for (const ImageEntry& entry : found.test) {
        ++counts.types[entry.defect_type];
        counts.masks += entry.mask_path.empty() ? 0 : 1;
    }
    return counts;
}

void add_images(const DatasetClass& of_class,
                CheckedSplit split,
                const std::vector<ImageEntry>& entries,
                std::vector<CheckedImage>& images) {
    for (const ImageEntry& entry : entries) {
        CheckedImage image;
        image.of_class = &of_class;
        image.split = split;
        image.entry = &entry;
        images.push_back(std::move(image));
    }
}

}  // namespace

bool DatasetCheck::has_problems() const {
    return std::any_of(findings.begin(), findings.end(), [](const CheckFinding& finding) {
        return finding.level == Level::Problem;
    });
}

DatasetCheck check_dataset(const std::string& layout,
                           const fs::path& root,
                           int threads,
                           const std::function<void(std::int64_t, std::int64_t)>& on_progress) {
    const DatasetListing listing = list_dataset(layout, root, {}, Headers::Skip);
    DatasetCheck check;
    check.root = listing.dataset.root;
    check.layout = layout;
    for (const std::string& problem : listing.problems) {
        check.findings.push_back({Level::Problem, "layout", problem, {}});
    }
    for (const std::string& note : listing.notes) {
        check.findings.push_back({Level::Warning, "zero_mask", note, {}});
    }
    std::vector<CheckedImage> images;
    for (const DatasetClass& found : listing.dataset.classes) {
        check.classes.push_back(count(found));
        add_images(found, CheckedSplit::Train, found.train, images);
        add_images(found, CheckedSplit::Test, found.test, images);
        add_images(found, CheckedSplit::Validation, found.validation, images);
    }
    decode_all(check.root, images, threads, on_progress);
    for (const CheckedImage& image : images) {
        check.images += image.error.empty() ? 1 : 0;
        check.bytes += image.bytes;
    }
    find_broken_files(check.root, images, check.findings);
    find_duplicates(images, check.findings);
    find_missing_validation(listing.dataset, check.findings);
    find_mixed_sizes(listing.dataset, images, check.findings);
    find_ignored_files(listing.dataset, images, check.findings);
    std::stable_sort(
        check.findings.begin(),
        check.findings.end(),
        [](const CheckFinding& a, const CheckFinding& b) { return a.level < b.level; });
    return check;
}

}  // namespace harrow::storage
