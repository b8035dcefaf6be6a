#include <iostream>

#include <nlohmann/json.hpp>

#include "build_info.hpp"
#include "cli/verbs.hpp"
#include "coordinator/messages.hpp"
#include "sweeps/parameter_text.hpp"

namespace harrow::cli {

sweeps::ExitCode run_verb(const ParamsOptions& options) {
    std::cout << (options.markdown ? sweeps::parameters_markdown(options.method)
                                   : sweeps::parameters_table(options.method));
    return sweeps::ExitCode::Ok;
}

sweeps::ExitCode run_verb(const VersionOptions& options) {
    if (options.json) {
        const nlohmann::ordered_json json = {{"version", version()},
                                             {"revision", revision()},
                                             {"build", build_id()},
                                             {"protocol", coordinator::kProtocolVersion}};
        std::cout << json.dump(2) << "\n";
    } else {
        std::cout << "harrow " << version() << " (" << revision() << ")\n";
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
