#!/bin/bash
# A plan as a Slurm array: each task trains its part of it.
#
#   go build ./experiments/tables
#   sbatch --array=0-3 docs/cluster/slurm-array.sh experiments/plans/cpu.yaml [flags of tables, such as -root bsds500=DIR]
#
# All nodes see the folder from which it is sent. Tasks count from 0. Where some nodes have AVX-512 and others have not, export
# MULTISCALE_KERNEL=avx2 before: bytes must not follow from the node.
#
# 90 seconds before a task's time is over, Slurm sends SIGUSR1 to this script. The program then writes a checkpoint and
# ends with status 75, and the task is queued again, where it goes on. A task that is requeued or preempted goes on as well.
# The task that finishes last writes the tables.
#SBATCH --job-name=multiscale
#SBATCH --array=0-3
#SBATCH --cpus-per-task=4
#SBATCH --time=08:00:00
#SBATCH --signal=B:USR1@90
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=multiscale-%A_%a.log

plan=${1:?give a plan}
shift
"${TABLES:-./tables}" -plan "$plan" -run -shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" -threads "${SLURM_CPUS_PER_TASK:-1}" "$@" &
child=$!
trap 'interrupted=1; kill -USR1 "$child"' USR1
while :; do
  interrupted=
  wait "$child"
  status=$?
  [ -n "$interrupted" ] || break # wait ends early for a signal
done
if [ "$status" = 75 ]; then
  exec scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$status"
