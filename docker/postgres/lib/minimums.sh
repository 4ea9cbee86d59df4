# A standby may not start with less than what its primary had when it wrote the WAL that comes next: one that was away
# while the primary's settings were lowered has not read of that yet. Sourced after volume.sh.
# shellcheck shell=bash

# Each setting, and how the control file calls it there.
declare -rA MINIMUMS=(
  [max_connections]=max_connections
  [max_worker_processes]=max_worker_processes
  [max_wal_senders]=max_wal_senders
  [max_prepared_transactions]=max_prepared_xacts
  [max_locks_per_transaction]=max_locks_per_xact
)

# The least that this node may have of a setting now.
minimum() {
  control "${MINIMUMS[$1]} setting"
}

# start_standby: PostgreSQL with what the settings say, and for this one start with the least where they say less.
start_standby() {
  local name least options=()
  for name in "${!MINIMUMS[@]}"; do
    least=$(minimum "$name")
    (($(setting "$name") >= least)) || options+=(-c "$name=$least")
  done
  ((${#options[@]} == 0)) ||
    say "starting once with more than the settings say, for the WAL that is still to be read needs it: ${options[*]}"
  start_postgres "${options[@]}"
}

# outgrown NAME=VALUE...: names of those of which the file's value, no longer too low, differs from VALUE, with which
# this server was started. PostgreSQL never counts them as pending: what a start was told stands above any file.
outgrown() {
  local name wanted
  for name; do
    [[ -n ${MINIMUMS[${name%%=*}]-} ]] || continue
    wanted=$(setting "${name%%=*}")
    ((wanted == ${name#*=} || wanted < $(minimum "${name%%=*}"))) || echo "${name%%=*}"
  done
}
