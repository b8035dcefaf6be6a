#include "coordinator/rank_agreement.hpp"

#include <set>

#include "coordinator/device_slots.hpp"
#include "coordinator/launch_environment.hpp"

namespace harrow::coordinator {
namespace {

std::string name_of_rank(std::size_t rank, const RankHello& hello) {
    return "rank " + std::to_string(rank) + " (" + hello.host + ")";
}

}  // namespace

RankHello rank_hello(const RankOptions& options) {
    RankHello hello;
    hello.host = node_name();
    hello.build_id = options.supervisor.build_id;
    hello.sweep_digest = options.sweep_digest;
    for (const SlotSpec& slot : options.supervisor.slots) {
        hello.slots.push_back(slot.name);
    }
    hello.device_kind = device_kind(options.supervisor.slots);
    return hello;
}

std::string disagreement(const std::vector<RankHello>& ranks) {
    std::string problems;
    std::set<std::string> slots;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        const RankHello& hello = ranks[rank];
        if (hello.build_id != ranks[0].build_id) {
            problems += "\n  " + name_of_rank(rank, hello) + " runs build " + hello.build_id +
                        ", " + name_of_rank(0, ranks[0]) + " build " + ranks[0].build_id +
                        ": install one build on all nodes";
        } else if (hello.sweep_digest != ranks[0].sweep_digest) {
            problems += "\n  " + name_of_rank(rank, hello) + " sees another sweep (" +
                        hello.sweep_digest + ") than " + name_of_rank(0, ranks[0]) + " (" +
                        ranks[0].sweep_digest +
                        "): sweep file, data and environment must be the same on all nodes";
        } else if (hello.device_kind != ranks[0].device_kind) {
            problems += "\n  " + name_of_rank(rank, hello) + " computes on " + hello.device_kind +
                        ", " + name_of_rank(0, ranks[0]) + " on " + ranks[0].device_kind +
                        ": results of both do not belong in one table; give --device cpu or "
                        "--device cuda, and nodes that have it";
        }
        for (const std::string& slot : hello.slots) {
            if (!slots.insert(slot).second) {
                problems += "\n  two slots are named '" + slot + "'";
            }
        }
    }
    return problems.empty() ? "" : "the ranks cannot work together:" + problems;
}

}  // namespace harrow::coordinator
