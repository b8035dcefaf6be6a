#pragma once

#include "cli/options.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {

/// One function per verb, each in verb_<name>.cpp. The product goes to standard output, the log to
/// standard error; anything that ends the operation is thrown as sweeps::Error.
sweeps::ExitCode run_verb(const PlanOptions& options);
sweeps::ExitCode run_verb(const RunOptions& options);
sweeps::ExitCode run_verb(const SlurmRenderOptions& options);
sweeps::ExitCode run_verb(const SlurmSubmitOptions& options);
sweeps::ExitCode run_verb(const StatusOptions& options);
sweeps::ExitCode run_verb(const ExplainOptions& options);
sweeps::ExitCode run_verb(const LogsOptions& options);
sweeps::ExitCode run_verb(const RetryOptions& options);
sweeps::ExitCode run_verb(const CancelOptions& options);
sweeps::ExitCode run_verb(const ReplayOptions& options);
sweeps::ExitCode run_verb(const DoctorOptions& options);
sweeps::ExitCode run_verb(const ReportOptions& options);
sweeps::ExitCode run_verb(const BestOptions& options);
sweeps::ExitCode run_verb(const ImportOptions& options);
sweeps::ExitCode run_verb(const MetricsOptions& options);
sweeps::ExitCode run_verb(const ShowOptions& options);
sweeps::ExitCode run_verb(const DataSynthOptions& options);
sweeps::ExitCode run_verb(const CacheListOptions& options);
sweeps::ExitCode run_verb(const CacheVerifyOptions& options);
sweeps::ExitCode run_verb(const CacheGcOptions& options);
sweeps::ExitCode run_verb(const DataCheckOptions& options);
sweeps::ExitCode run_verb(const DataAnomaliesOptions& options);
sweeps::ExitCode run_verb(const WeightsInspectOptions& options);
sweeps::ExitCode run_verb(const ParamsOptions& options);
sweeps::ExitCode run_verb(const VersionOptions& options);

}  // namespace harrow::cli
