#!/bin/bash
# One training over several Slurm nodes by MPI: the same weights, byte for byte, on 1, 2, 4 or 8 ranks.
#
#   go build -tags mpi ./experiments/denoising
#   sbatch --nodes=4 --ntasks=8 docs/cluster/slurm-mpi.sh -profile paper -out results/runs/mine [flags of the program]
#
# The number of ranks is a power of two, up to -shares. 90 seconds before the time is over Slurm sends SIGUSR1 to all ranks;
# they write a checkpoint and end with status 75, and the job is queued again, where it goes on, also with another --ntasks.
# `srun --mpi=list` says which plugins there are; where Open MPI was built without them, use mpirun in place of srun.
#SBATCH --job-name=multiscale-mpi
#SBATCH --nodes=4
#SBATCH --ntasks=8
#SBATCH --cpus-per-task=4
#SBATCH --time=08:00:00
#SBATCH --signal=USR1@90
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=multiscale-%j.log

srun --mpi="${MPI:-pmix}" --kill-on-bad-exit=1 "${PROGRAM:-./denoising}" -shares 8 -threads "${SLURM_CPUS_PER_TASK:-1}" -resume "$@"
status=$?
if [ "$status" = 75 ]; then
  exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
