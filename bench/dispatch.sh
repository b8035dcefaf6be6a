#!/bin/bash
# Dispatching work that does nothing: trainings per second with the journal on (local and under
# mpirun), idle processor time, memory at 100,000 trials, simulated makespans, and the same no-op work
# through mpi4py.futures, Dask, GNU parallel and Optuna where they are installed
# (python3-mpi4py python3-distributed parallel python3-optuna).
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 bench/dispatch.py
