#include "sweeps/owner_check.hpp"

#include <algorithm>
#include <set>

namespace harrow::sweeps {
namespace {

class OwnerCheck {
public:
    OwnerCheck(const std::vector<ExpandedCell>& cells, std::vector<Problem>& problems)
        : problems_(problems) {
        for (const ExpandedCell& cell : cells) {
            methods_.insert(cell.config.method);
        }
    }
    void check(const Spec& spec) {
        check(spec.base);
        for (const Block& block : spec.space) {
            check(block.set);
            for (const auto* axes : {&block.grid, &block.zip}) {
                for (const ParameterAxis& axis : *axes) {
                    check_one(*axis.parameter, axis.place);
                }
            }
            for (const NamedAxis& axis : block.axes) {
                check(axis.alternatives);
            }
            check(block.cases);
        }
    }

private:
    void check(const std::vector<Alternative>& alternatives) {
        for (const Alternative& alternative : alternatives) {
            check(alternative.settings);
        }
    }
    void check(const std::vector<Setting>& settings) {
        for (const Setting& setting : settings) {
            check_one(*setting.parameter, setting.place);
        }
    }
    void check_one(const Parameter& parameter, const Place& place) {
        const auto runs = [&](const std::string& method) { return methods_.count(method) != 0; };
        const auto& owners = parameter.methods;
        if (owners.empty() || methods_.empty() || std::any_of(owners.begin(), owners.end(), runs)) {
            return;
        }
        std::string owned_by;
        for (const std::string& owner : owners) {
            owned_by += (owned_by.empty() ? "" : ", ") + owner;
        }
        std::string running;
        for (const std::string& method : methods_) {
            running += (running.empty() ? "" : ", ") + method;
        }
        problems_.push_back(problem_at(
            place,
            parameter.name,
            "belongs to method " + owned_by + ", but the sweep runs " + running + "; remove it"));
    }

    std::vector<Problem>& problems_;
    std::set<std::string> methods_;
};

}  // namespace

void check_owners(const Spec& spec,
                  const std::vector<ExpandedCell>& cells,
                  std::vector<Problem>& problems) {
    OwnerCheck(cells, problems).check(spec);
}

}  // namespace harrow::sweeps
