#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace harrow::cli {

/// One struct per verb: what the user typed, checked for form only.
struct PlanOptions {
    std::string spec;
    std::vector<std::string> overrides;  ///< KEY=VALUE
    std::string cache;                   ///< empty: the default cache
    bool json = false;
    int simulate = 0;               ///< slots; 0: no simulation
    std::string order = "breadth";  ///< of work: "breadth", "longest" or "file"
};

struct RunOptions {
    std::string spec;  ///< empty: resume what `dir` holds
    std::vector<std::string> overrides;
    std::string dir;
    std::string cache;
    int slots = 0;                ///< of this rank; 0: one per GPU, else 1
    std::string device = "auto";  ///< "auto", "cpu" or "cuda"
    std::string gpu_map;          ///< "0,0,1": the device of each slot; empty: in turn
    int threads = 1;              ///< per slot; results depend on it
    std::string resident;  ///< memory of a GPU for features, "20G"; empty: half of what is free
    double drain_s = 0;    ///< how long running work may go on after the first signal
    std::string until;     ///< end of the run, see parse_moment; empty: none but Slurm's
    std::string max_rss;   ///< memory of a worker, "16G"; empty: no limit
    double hang_limit_s = 600;  ///< without a step of work
    double disk_wait_s = 600;   ///< for room on a full disk
    double rank_limit_s = 30;   ///< of silence, until a rank is lost
    bool extend = false;
    bool fail_fast = false;
    std::string order = "breadth";  ///< of work: "breadth", "longest" or "file"
};

struct StatusOptions {
    std::string dir;
    bool watch = false;  ///< until the run ends
    bool json = false;
};

struct ExplainOptions {
    std::string dir;
    std::string trial;  ///< id, "cell.s3", or the beginning of one
};

struct LogsOptions {
    std::string dir;
    std::string trial;
    int lines = 0;  ///< the last ones; 0: all
    bool follow = false;
};

struct RetryOptions {
    std::string dir;
    std::vector<std::string> trials;  ///< or cells; empty with no states: all that failed
    std::vector<std::string> states;  ///< "failed" is every one but cancelled
    double wait_s = 10;               ///< for a running coordinator's answer
};

struct CancelOptions {
    std::string dir;
    std::vector<std::string> trials;  ///< or cells
    double wait_s = 10;
};

struct ReplayOptions {
    std::string dir;
    std::string trial;
    bool verify = false;
    RunOptions how;  ///< device, gpu_map, threads and cache
};

struct DoctorOptions {
    std::string dir;    ///< empty: no run directory is looked at
    std::string cache;  ///< empty: the default cache
    bool json = false;
};

/// What `harrow slurm` verbs share: a `harrow run`, and the job around it.
struct SlurmJobOptions {
    std::string spec;  ///< empty: resume what `dir` holds
    std::vector<std::string> overrides;
    std::string dir;
    std::string cache;                   ///< empty: the default cache
    std::vector<std::string> run_flags;  ///< of `harrow run`, as typed
    std::string site;                    ///< empty: the default site file, where there is one
    std::vector<std::pair<std::string, std::string>> settings;  ///< slurm::JobSetting and its value
};

struct SlurmRenderOptions : SlurmJobOptions {
    std::string output;  ///< empty: standard output
};

struct SlurmSubmitOptions : SlurmJobOptions {
    bool again = false;
};

/// What `harrow report` compares; empty: as the sweep file says.
struct CompareOptions {
    std::string baseline;  ///< name or id of a cell
    std::string test, adjust;
    std::vector<std::string> same;     ///< parameters
    std::vector<std::string> metrics;  ///< empty: all
};

struct ReportOptions {
    std::vector<std::string> dirs;
    /// One of md, csv, csv-long, csv-wide, csv-classes, json, tex: printed. html, several, or `out`: files.
    std::vector<std::string> formats = {"md"};
    std::string out;     ///< folder; empty: report/ in the first of `dirs`
    std::string tables;  ///< file with tables for papers; empty: those of the sweeps
    bool percent = false;
    bool no_figures = false;
    bool no_gallery = false;
    CompareOptions compare;
};

struct BestOptions {
    std::string dir;
    std::vector<std::string> metrics;  ///< empty: the sweep's objective; several: their front
    std::vector<std::string> goals;    ///< one for all metrics, or one each; empty: their own
    std::vector<std::string> subject_to;
    std::string select_on = "test";  ///< or val_synth, val_normal, leave-categories-out
    std::string report_on;           ///< run directory of other data; empty: this one
    std::string rerun;  ///< "5" fresh seeds, or these: "100..104"; empty: no sweep file
    std::string out;    ///< of `rerun`; empty: standard output
    bool json = false;
};

struct ImportOptions {
    std::vector<std::string> files;  ///< tables, or folders of experiments
    std::string dir;
    std::string cells;                  ///< table that describes the cells; empty: none
    std::string name;                   ///< empty: that of the first file
    std::string metric;                 ///< of the objective; empty: image_auroc, else the first
    std::string goal;                   ///< "maximize" or "minimize"; empty: as the metric is
    std::optional<std::uint64_t> seed;  ///< of folders whose name has none
};

struct MetricsOptions {
    std::string file;    ///< HDF5 with score maps
    double limit = 0.3;  ///< of the false positive rate of AU-PRO
    bool json = false;
    bool implementations = false;  ///< AU-PRO by the rules of others, too
};

struct ShowOptions {
    std::string dir;
    std::vector<std::string> cells;     ///< names or hashes; the first picks the images
    std::string class_name;             ///< empty: the classes take turns
    std::optional<std::uint64_t> seed;  ///< none: the first that all cells have finished
    /// How many of which; at most one of them is given.
    std::optional<int> worst, best, misrouted;
    std::string scale = "class";  ///< of colours: one per "class", or per class and "cell"
    std::string out;
};

struct DataSynthOptions {
    std::string dir;
    std::string layout = "mvtec";
    int classes = 6;
    int size = 128;
    std::uint64_t seed = 0;
};

struct CacheListOptions {
    std::string cache;
    bool json = false;
};

struct CacheVerifyOptions {
    std::string cache;
    std::vector<std::string> keys;  ///< or their first digits
    bool all = false;
};

struct CacheGcOptions {
    std::string cache;
    std::string max_size;    ///< "50G"; empty: no limit
    std::string older_than;  ///< "30d"; empty: no limit
    bool quarantine = false;
    bool dry_run = false;
};

struct DataCheckOptions {
    std::string dir;
    std::string layout = "mvtec";
    bool json = false;
};

struct DataAnomaliesOptions {
    std::string spec;
    std::vector<std::string> overrides;
    std::string out;
    std::string cell;                   ///< empty: the first that trains with anomalies
    std::string class_name;             ///< empty: the first of its sequence
    std::optional<std::uint64_t> seed;  ///< of the trial; none: the cell's first
    int count = 4;                      ///< of each stage and resolution
    std::string cache;
};

struct WeightsInspectOptions {
    std::string file;
    bool tensors = false;  ///< the whole table
    bool json = false;
};

struct ParamsOptions {
    std::string method;  ///< empty: all
    bool markdown = false;
};

struct VersionOptions {
    bool json = false;
};

using Command = std::variant<PlanOptions,
                             RunOptions,
                             SlurmRenderOptions,
                             SlurmSubmitOptions,
                             StatusOptions,
                             ExplainOptions,
                             LogsOptions,
                             RetryOptions,
                             CancelOptions,
                             ReplayOptions,
                             DoctorOptions,
                             ReportOptions,
                             BestOptions,
                             ImportOptions,
                             MetricsOptions,
                             ShowOptions,
                             DataSynthOptions,
                             CacheListOptions,
                             CacheVerifyOptions,
                             CacheGcOptions,
                             DataCheckOptions,
                             DataAnomaliesOptions,
                             WeightsInspectOptions,
                             ParamsOptions,
                             VersionOptions>;

}  // namespace harrow::cli
