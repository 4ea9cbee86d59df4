# Where things are, how the scripts speak, and how they stop. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who source it

readonly CONFIG=/etc/sav3
readonly VOLUME=/var/lib/postgresql
readonly DATA=$VOLUME/data
# Not in the configuration the program writes: which cluster this node belongs to, as the node itself saw it.
readonly IDENTIFIER_FILE=$CONFIG/system-identifier

# Exit codes of refusals. Whoever reads `docker inspect` can tell them apart without the log.
readonly EXIT_OTHER_CLUSTER=64
readonly EXIT_OTHER_MAJOR=65
readonly EXIT_WRONG_ROLE=66
readonly EXIT_BAD_SETTINGS=67
readonly EXIT_MISSING_DATA=68

say() {
  printf 'sav3: %s\n' "$*" >&2
}

# refuse CODE TEXT: one line that the health gate quotes. The pause keeps a restart policy from hammering.
refuse() {
  say "refused: $2"
  run sleep 2
  exit "$1"
}

# A stop may arrive at any time. tini is process 1 and ends with this shell, and with it ends every child; nothing
# unfinished is ever taken for a cluster, so leaving is a clean stop, after a server that these scripts started.
# To be called when all is parsed: Bash 5.2 loses a signal that arrives while it reads a `$(`.
private_server=
heed_stops() {
  trap leave INT TERM
}

leave() {
  trap '' INT TERM
  if [[ -n $private_server ]]; then
    kill -INT "$private_server" 2>/dev/null || true
    wait "$private_server" || true
  fi
  exit 130
}

# run COMMAND...: waits in a way that a signal interrupts. Bash holds traps back while a foreground child runs.
run() {
  "$@" &
  wait "$!"
}

# The program writes `ready` last, through the engine, once the container exists.
wait_for_files() {
  [[ -e $CONFIG/ready ]] && return
  say "waiting for the settings in $CONFIG"
  until [[ -e $CONFIG/ready ]]; do
    sleep 0.05
  done
}

# setting NAME: a value out of postgresql.conf, read by PostgreSQL's own parser. Needs no server and no data directory.
setting() {
  env -u PGDATA postgres -C "$1" -c config_file="$CONFIG/postgresql.conf" 2>/dev/null
}

# start_postgres [OPTION...]: from here on PostgreSQL is the child of tini and takes its signals itself.
start_postgres() {
  exec postgres -c config_file="$CONFIG/postgresql.conf" "$@"
}
