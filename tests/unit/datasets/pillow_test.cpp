// Compares resizing with Pillow itself, byte by byte, where /usr/bin/python3 has it.
#include <cstdlib>

#include <gtest/gtest.h>

#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

constexpr const char* kScript = R"py(
import sys
from PIL import Image
root = sys.argv[1]
for line in open(root + "/sizes"):
    name, width, height = line.split()
    image = Image.open(root + "/" + name + ".png")
    image.load()
    for word, how in ("bilinear", Image.BILINEAR), ("lanczos", Image.LANCZOS), ("nearest", Image.NEAREST):
        resized = image.resize((int(width), int(height)), how)
        open(root + "/" + name + "." + word, "wb").write(resized.tobytes())
)py";

TEST(PillowTest, EveryResizeGivesPillowsBytes) {
    if (std::system("/usr/bin/python3 -c 'import PIL' 2>/dev/null") != 0) {
        GTEST_SKIP() << "needs /usr/bin/python3 with Pillow (python3-pil)";
    }
    const TemporaryFolder folder;
    sweeps::RandomStream random(1);
    std::vector<storage::Image> pictures;
    std::vector<storage::ImageSize> targets;
    std::string sizes;
    for (int i = 0; i < 60; ++i) {
        const auto side = [&random] { return 1 + static_cast<int>(random.below(130)); };
        storage::Image picture{side(), side(), i % 3 == 0 ? 1 : 3, {}};
        picture.pixels.resize(static_cast<std::size_t>(picture.width) * picture.height *
                              picture.channels);
        for (std::uint8_t& sample : picture.pixels) {
            sample = static_cast<std::uint8_t>(random.below(256));
        }
        storage::write_png(folder.path() / (std::to_string(i) + ".png"), picture);
        pictures.push_back(std::move(picture));
        const int square = side();
        targets.push_back(i % 2 == 0 ? storage::ImageSize{square, square}
                                     : storage::ImageSize{side(), side()});
        sizes += std::to_string(i) + " " + std::to_string(targets.back().width) + " " +
                 std::to_string(targets.back().height) + "\n";
    }
    write_bytes(folder.path() / "sizes", sizes);
    write_bytes(folder.path() / "resize.py", kScript);
    const std::string root = folder.path().string();
    ASSERT_EQ(std::system(("/usr/bin/python3 '" + root + "/resize.py' '" + root + "'").c_str()), 0);

    const std::pair<const char*, storage::Image (*)(const storage::Image&, int, int)> ways[] = {
        {"bilinear", storage::resize_bilinear},
        {"lanczos", storage::resize_lanczos},
        {"nearest", storage::resize_nearest}};
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        for (const auto& [word, resize] : ways) {
            const storage::Image ours = resize(pictures[i], targets[i].width, targets[i].height);
            EXPECT_EQ(std::string(ours.pixels.begin(), ours.pixels.end()),
                      read_bytes(folder.path() / (std::to_string(i) + "." + word)))
                << word << ": " << pictures[i].width << " x " << pictures[i].height << " to "
                << targets[i].width << " x " << targets[i].height;
        }
    }
}

}  // namespace
}  // namespace harrow::tests
