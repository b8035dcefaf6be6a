#pragma once

#include <string>

#include "sweeps/error.hpp"

namespace harrow::coordinator {

/// A peer sent bytes that are no message of this protocol version, or is another build.
class ProtocolError : public sweeps::Error {
public:
    explicit ProtocolError(const std::string& message)
        : Error(sweeps::ExitCode::Infrastructure, message) {}
};

}  // namespace harrow::coordinator
