#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sweeps/parameters.hpp"

namespace harrow::sweeps {

/// Writes one row of the table in one expression.
class Row {
public:
    Row(Member member, std::string name, Stage stage) {
        row_.name = std::move(name);
        row_.member = member;
        row_.stage = stage;
    }
    Row& help(std::string text) { return set(row_.help, std::move(text)); }
    Row& source(std::string text) { return set(row_.source, std::move(text)); }
    Row& unit(std::string text) { return set(row_.unit, std::move(text)); }
    Row& choices(std::vector<std::string> names) { return set(row_.choices, std::move(names)); }
    Row& aliases(std::vector<std::string> names) { return set(row_.aliases, std::move(names)); }
    Row& methods(std::vector<std::string> names) { return set(row_.methods, std::move(names)); }
    Row& at_least(double min) { return set(row_.range.min, min); }
    Row& above(double min) {
        row_.range.min_excluded = true;
        return set(row_.range.min, min);
    }
    Row& at_most(double max) { return set(row_.range.max, max); }
    Row& below(double max) {
        row_.range.max_excluded = true;
        return set(row_.range.max, max);
    }
    Row& odd() { return set(row_.range.odd, true); }
    Row& whole() { return set(row_.range.whole, true); }
    Row& pairs() { return set(row_.range.pairs, true); }
    Row& per_class() { return set(row_.per_class, true); }
    Row& locator() { return set(row_.locator, true); }
    Row& when(bool (*applies)(const TrialConfig&)) { return set(row_.applies, applies); }
    operator Parameter() const { return row_; }  // NOLINT(google-explicit-constructor)

private:
    template <typename T, typename U>
    Row& set(T& field, U value) {
        field = std::move(value);
        return *this;
    }
    Parameter row_;
};

template <typename Struct, typename T>
T member_type(T Struct::*);

/// A row for `Section.Field`, e.g. row<&TrialConfig::train, &TrainConfig::lr>("train.lr", …).
template <auto Section, auto Field>
Row row(const char* name, Stage stage) {
    using T = decltype(member_type(Field));
    return {MemberAccess<T>{
                [](TrialConfig& config) -> T& { return config.*Section.*Field; },
                [](const TrialConfig& config) -> const T& { return config.*Section.*Field; }},
            name,
            stage};
}

/// Parts of the table that have their own file, by section.
void add_backbone_rows(std::vector<Parameter>& table);
void add_train_rows(std::vector<Parameter>& table);
void add_model_rows(std::vector<Parameter>& table);             ///< and `router.*`
void add_anomalyvfm_model_rows(std::vector<Parameter>& table);  ///< rest of `model.*`
void add_score_rows(std::vector<Parameter>& table);
void add_synthetic_rows(std::vector<Parameter>& table);

/// Whose flow is trained.
inline const std::vector<std::string> kFlowMethods = {"moleflow", "finetune"};
/// What a rehearsal of them keeps, so that its sweep file needs no change.
inline const std::vector<std::string> kFlowsAndRehearsal = {"moleflow", "finetune", "noop"};

/// False for AnomalyVFM's baseline, which is only measured.
inline bool trains(const TrialConfig& config) {
    return config.method != "anomalyvfm" || config.model.use_lora;
}

}  // namespace harrow::sweeps
