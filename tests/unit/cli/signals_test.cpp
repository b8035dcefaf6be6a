#include "cli/signals.hpp"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

namespace harrow::cli {
namespace {

void hang_up_after(void (*inherited)(int)) {
    std::signal(SIGHUP, inherited);
    install_signal_handlers();
    std::raise(SIGHUP);
    std::_Exit(0);
}

TEST(SignalsDeathTest, ALostTerminalEndsAVerbUnlessItIsIgnored) {
    EXPECT_EXIT(hang_up_after(SIG_DFL), ::testing::ExitedWithCode(128 + SIGHUP), "");
    EXPECT_EXIT(hang_up_after(SIG_IGN), ::testing::ExitedWithCode(0), "") << "nohup";
}

}  // namespace
}  // namespace harrow::cli
