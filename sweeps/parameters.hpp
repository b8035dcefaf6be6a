#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// Where a parameter starts to matter: what a change of it makes stale.
enum class Stage { Features, Training, Scoring };
const char* stage_name(Stage stage);  ///< "features", "training", "scoring"

enum class Type { Bool, Int, Real, Text, TextList, Numbers };
/// "true or false", "integer", "number", "text", "list", "list of numbers"
const char* type_name(Type type);

/// Reads and writes one member of TrialConfig.
template <typename T>
struct MemberAccess {
    T& (*write)(TrialConfig&);
    const T& (*read)(const TrialConfig&);
};
using Member = std::variant<MemberAccess<bool>,
                            MemberAccess<int>,
                            MemberAccess<std::int64_t>,
                            MemberAccess<double>,
                            MemberAccess<std::string>,
                            MemberAccess<std::vector<std::string>>,
                            MemberAccess<NumberList>>;

/// Bounds of a number, or of each number of a list.
struct Range {
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    bool min_excluded = false;
    bool max_excluded = false;
    bool odd = false;    ///< integers only: kernel sizes
    bool whole = false;  ///< lists only: whole numbers
    bool pairs = false;  ///< lists only: low, high, low, high, …; one number is both bounds
};

/// One row of the table.
struct Parameter {
    std::string name;  ///< dotted: section.member; `method` alone has no section
    Member member;
    Stage stage = Stage::Training;
    std::string help;
    std::string source;                ///< where it comes from, e.g. "MoLE-Flow A11"
    Range range = {};                  ///< of a number
    std::vector<std::string> choices;  ///< of a text; empty: any
    std::string unit = {};
    std::vector<std::string> aliases = {};
    std::vector<std::string> methods = {};  ///< owners; empty: every method
    bool locator = false;                   ///< a path: what it points at enters the keys instead
    bool per_class = false;                 ///< may be given for one class (class_config.hpp)
    bool (*applies)(const TrialConfig&) = nullptr;  ///< null: whenever an owner trains

    Type type() const;
    std::string_view last_component() const;
};

/// Every parameter there is, in the order of the struct. The only source of YAML keys, overrides,
/// validation, canonical text, keys and documentation.
const std::vector<Parameter>& parameters();

/// By dotted name, alias or unambiguous last component; null when there is none. The bare word
/// `name` is the sweep's own and finds nothing.
const Parameter* find_parameter(std::string_view name);

/// "train.lr", or "lr" where the last component alone finds the parameter.
std::string short_name(const Parameter& parameter);

/// The candidate with the smallest edit distance (transpositions count one); empty when none is
/// near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);
/// "; did you mean 'x'?", or the whole list where nothing is near.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);
/// Among all parameters: compares with names, aliases and last components, answers the dotted name.
std::string nearest_parameter(std::string_view name);

/// False where the value cannot change the result: another method's, or switched off by others.
bool is_active(const Parameter& parameter, const TrialConfig& config);

/// One spelling per value: to_chars shortest, -0 as 0; lists as `[a,b]`, of one item as the item;
/// all classes as `all`, nothing per class as `none`.
std::string value_text(const Parameter& parameter, const TrialConfig& config);
std::string default_text(const Parameter& parameter);  ///< of TrialConfig, whatever the method

/// What the user may write: "a number > 0 and <= 10", "one of moleflow, finetune", …
std::string allowed_text(const Parameter& parameter);

/// A scalar's text or a list's items.
using ParameterValue = std::variant<std::string, std::vector<std::string>>;

/// Parses, checks the range and stores. Answers what is wrong, and then changes nothing.
std::optional<std::string> set_value(const Parameter& parameter,
                                     TrialConfig& config,
                                     const ParameterValue& value);

/// What the parts of one configuration forbid each other: (parameter, message).
std::vector<std::pair<const Parameter*, std::string>> inconsistencies(const TrialConfig& config);

/// A way to train. A revision is raised when a formula or a default changes, so that old rows and
/// new ones never mix.
struct Method {
    std::string name;
    std::string help;
    int training_revision = 1;
};
const std::vector<Method>& methods();
const Method* find_method(std::string_view name);
/// False for a method that looks at no image: `data`, `sequence` and `backbone` mean nothing to it.
bool uses_data(const TrialConfig& config);

/// Of what all methods share.
inline constexpr int kFeaturesRevision = 1;
inline constexpr int kScoringRevision = 1;

}  // namespace harrow::sweeps
