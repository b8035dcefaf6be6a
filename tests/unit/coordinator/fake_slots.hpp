#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coordinator/supervisor.hpp"

namespace harrow::coordinator {

/// Options for `count` slots that run the fake worker of tests/support.
inline SupervisorOptions fake_options(int count,
                                      std::vector<std::string> arguments = {},
                                      const std::string& prefix = "test") {
    SupervisorOptions options;
    options.worker_program = HARROW_FAKE_WORKER;
    options.worker_arguments = std::move(arguments);
    options.build_id = "test-build";
    options.slots = make_cpu_slots(prefix, count, 1);
    return options;
}

}  // namespace harrow::coordinator
