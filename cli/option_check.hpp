#pragma once

#include <functional>
#include <string>

#include "sweeps/error.hpp"

namespace harrow::cli {

/// A check of an option's value: that `parse` takes it.
template <typename Number>
std::function<std::string(const std::string&)> understood_by(Number (*parse)(const std::string&)) {
    return [parse](const std::string& text) {
        try {
            parse(text);
            return std::string();
        } catch (const sweeps::UsageError& error) {
            return std::string(error.what());
        }
    };
}

}  // namespace harrow::cli
