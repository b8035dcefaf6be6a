#include <iostream>

#include <gtest/gtest.h>
#include <torch/torch.h>

// A filter that selects nothing is a mistake in the build files, not a success.
int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    torch::set_num_threads(1);
    const int failed = RUN_ALL_TESTS();
    if (testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
        std::cerr << "no test matches the filter\n";
        return 1;
    }
    return failed;
}
