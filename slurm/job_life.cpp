#include "slurm/job_life.hpp"

namespace harrow::slurm {

std::string_view job_life() {
    return R"bash(
mkdir -p "$run/slurm"
rm -f "$run/status"
crashes_file=$run/slurm/job-$SLURM_JOB_ID.crashes

log() {
    printf '%s job %s start %s: %s\n' "$(date '+%F %T')" "$SLURM_JOB_ID" \
        "$((${SLURM_RESTART_COUNT:-0} + 1))" "$*"
}

# Sets code to the exit code that harrow left, to nothing while there is none; word says more.
read_verdict() {
    code='' word=''
    if [ -r "$run/status" ]; then
        read -r code word <"$run/status"
    fi
    if [ "$word" = running ]; then
        code=''
    fi
}

# Of an MPI job that this one was submitted from.
unset "${!PMIX_@}" "${!OMPI_COMM_WORLD_@}"
# Slurm before 23 does not tell a job when it ends.
if [ -z "${SLURM_JOB_END_TIME:-}" ]; then
    ends=$(timeout 20 squeue --noheader --jobs="$SLURM_JOB_ID" --format=%e) &&
        ends=$(date --date="$ends" +%s 2>/dev/null) && export SLURM_JOB_END_TIME="$ends"
fi

asked=no
ending=no
launcher=''
trap 'asked=yes; log "asked to drain"; kill -USR1 "$launcher" 2>/dev/null' USR1
trap 'ending=yes; log "Slurm ends this job"' TERM

log "${launch[*]} harrow run on $SLURM_JOB_NODELIST"
"${launch[@]}" "${sweep[@]}" &
launcher=$!
if [ "$asked" = yes ]; then
    kill -USR1 "$launcher" 2>/dev/null
fi

after=0
while kill -0 "$launcher" 2>/dev/null; do
    sleep 1 &
    wait $! # a signal ends it
    read_verdict
    if [ -n "$code" ]; then
        after=$((after + 1))
    fi
    if [ "$after" -gt "$grace" ]; then
        log "harrow has ended, its launcher has not: it is ended now"
        kill -TERM "$launcher" 2>/dev/null
        sleep 5
        kill -KILL "$launcher" 2>/dev/null
        break
    fi
    if [ "$asked" = yes ] && [ "$(date +%s)" -ge "$((${SLURM_JOB_END_TIME:-9999999999} - 5))" ]; then
        log "the time limit is here and harrow still works: it is ended, its checkpoints stay"
        kill -KILL "$launcher" 2>/dev/null
        break
    fi
done
wait "$launcher"
launcher_code=$?

read_verdict
if [ -n "$code" ]; then
    rm -f "$crashes_file"
    log "harrow: $code $word"
elif [ "$asked" = yes ]; then
    code=75
    log "stopped before harrow had an answer"
elif [ "$word" = running ]; then
    crashes=$(($(cat "$crashes_file" 2>/dev/null || echo 0) + 1))
    echo "$crashes" >"$crashes_file"
    log "harrow was lost (launcher: exit code $launcher_code), $crashes in a row"
    code=75
    if [ "$crashes" -ge 5 ]; then
        requeue=no
    fi
else
    log "harrow has not begun (launcher: exit code $launcher_code); see above"
    code=$((launcher_code == 0 ? 1 : launcher_code))
fi
if [ "$code" != 75 ] || [ "$ending" = yes ]; then
    exit "$code"
fi
if [ "$requeue" = no ] || [ "${SLURM_RESTART_COUNT:-0}" -ge "$max_restarts" ]; then
    log "unfinished and not started again (requeue: $requeue, restarts: at most $max_restarts); submit it again"
    exit 75
fi
log "unfinished: requeued"
trap '' USR1
trap - TERM
if scontrol requeue "$SLURM_JOB_ID"; then
    sleep 300 # Slurm ends this shell
fi
log "the requeue was refused; submit it again"
exit 75
)bash";
}

std::string_view module_command() {
    return R"bash(for init in /etc/profile.d/{modules,lmod,z00_lmod}.sh /usr/share/{lmod/lmod,modules}/init/bash; do
    if ! type module >/dev/null 2>&1 && [ -r "$init" ]; then
        # shellcheck source=/dev/null
        . "$init"
    fi
done
)bash";
}

}  // namespace harrow::slurm
