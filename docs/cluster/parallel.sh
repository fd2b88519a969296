#!/bin/bash
# A plan on the machines of a list by GNU parallel: one process a machine, which claims what nobody has. The machines see
# the same folder under the same name. Where some have AVX-512 and others have not, export MULTISCALE_KERNEL=avx2 before.
#
#   go build ./experiments/tables
#   docs/cluster/parallel.sh machines.txt experiments/plans/cpu.yaml [flags of tables]
#
# machines.txt has a name a line, as ssh takes it; ":" is this machine. A process that dies or is stopped with status 75 is started again,
# up to three times; until then others take its work over.
set -euo pipefail
machines=${1:?give a file of machines}
plan=${2:?give a plan}
shift 2
parallel --will-cite --sshloginfile "$machines" --jobs 1 --nonall --workdir "$PWD" --tag --line-buffer --retries 3 --env MULTISCALE_KERNEL \
  "${TABLES:-./tables}" -plan "$plan" -run -claim "$@"
