#include "cli/signals.hpp"

#include <csignal>

#include <unistd.h>

namespace harrow::cli {
namespace {

volatile std::sig_atomic_t signals_received = 0;
volatile std::sig_atomic_t last_of_many = 0;
volatile std::sig_atomic_t somebody_drains = 0;

extern "C" void note_signal(int signal_number) {
    if (somebody_drains == 0 || signals_received >= 2) {
        _exit(128 + signal_number);
    }
    if (signals_received > 0) {
        last_of_many = signal_number;
    }
    signals_received = signals_received + 1;
}

}  // namespace

void install_signal_handlers() {
    struct sigaction action = {};
    action.sa_handler = note_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
        struct sigaction inherited = {};
        if (signal_number == SIGHUP && sigaction(SIGHUP, nullptr, &inherited) == 0 &&
            inherited.sa_handler == SIG_IGN) {
            continue;  // nohup
        }
        sigaction(signal_number, &action, nullptr);
    }
    for (int signal_number : {SIGXFSZ, SIGPIPE}) {
        std::signal(signal_number, SIG_IGN);
    }
}

DrainScope::DrainScope() {
    somebody_drains = 1;
}

DrainScope::~DrainScope() {
    somebody_drains = 0;
}

coordinator::StopLevel requested_stop() {
    if (signals_received == 0) {
        return coordinator::StopLevel::Run;
    }
    return signals_received == 1 ? coordinator::StopLevel::Drain : coordinator::StopLevel::Now;
}

int second_signal() {
    return last_of_many;
}

}  // namespace harrow::cli
