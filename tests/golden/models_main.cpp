#include <iostream>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/golden/model_fixture.hpp"

constexpr int kSkipped = 77;  // what CTest takes for "not run"

// A filter that selects nothing is a mistake in the build files, not a success.
int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    torch::set_num_threads(1);
    at::globalContext().setAllowTF32CuDNN(false);
    if (!harrow::tests::device_under_test().is_cpu() && !torch::cuda::is_available()) {
        std::cout << "skipped: no CUDA device that this LibTorch can use\n";
        return kSkipped;
    }
    const int failed = RUN_ALL_TESTS();
    if (testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
        std::cerr << "no test matches the filter\n";
        return 1;
    }
    return failed;
}
