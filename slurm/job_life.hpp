#pragma once

#include <string_view>

namespace harrow::slurm {

/// What every job does, whatever was asked for, in bash. It finds the arrays `launch` and `sweep`
/// (the launcher's words and harrow's), `run` (the run directory), `requeue` (yes or no),
/// `max_restarts` and `grace` (seconds) set, starts harrow, and believes what harrow leaves in
/// "$run/status":
///
/// - mpirun ends with 0 whatever became of its ranks (--enable-recovery), and may hang once a node
///   is lost: an mpirun that outlives harrow is ended.
/// - USR1 comes to this shell alone (--signal=B:); mpirun and srun hand it on to every rank.
/// - A TERM of Slurm (scancel) reaches the ranks by itself: there is nothing to hand on.
/// - A coordinator that was lost left "75 running". That is started again, five times in a row.
std::string_view job_life();

/// Defines `module` where a batch shell does not have it.
std::string_view module_command();

}  // namespace harrow::slurm
