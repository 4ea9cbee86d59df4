# SQL on this node, over the socket, as the superuser. Used at initialisation and again whenever settings change.
# shellcheck shell=bash

# The sessions carry password verifiers: no log, statistics or activity view may keep them. They also must not
# wait for a synchronous standby that is not there yet.
session_options=(
  log_statement=none log_duration=off log_min_duration_statement=-1 log_min_duration_sample=-1
  log_transaction_sample_rate=0 log_min_error_statement=panic track_activities=off
  pg_stat_statements.track=none pgaudit.log=none synchronous_commit=local client_min_messages=warning
)
PGOPTIONS=$(printf -- '-c %s ' "${session_options[@]}")
export PGOPTIONS PGUSER=postgres PGHOST=${PGHOST:-/run/postgresql}

# sql DATABASE [OPTION...]: runs its standard input, stops at the first error. Values go in as psql variables.
sql() {
  psql -XqAt -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d "$1" "${@:2}"
}

# ensure_role NAME ATTRIBUTES FILE: the role exists and its password is the verifier in FILE, of which psql
# itself reads the text, so that no command line ever holds it.
ensure_role() {
  if ! grep -q '^SCRAM-SHA-256\$' "$3"; then
    say "refused: ${3##*/} is not a SCRAM-SHA-256 verifier"
    return 1
  fi
  sql postgres -v role="$1" -v attributes="$2" -v file="$3" <<'SQL'
\set verifier `cat :'file'`
select count(*) = 0 as missing, coalesce(bool_or(rolpassword is distinct from :'verifier'), false) as differs
  from pg_authid where rolname = :'role' \gset
\if :missing
  create role :"role" :attributes password :'verifier';
\elif :differs
  alter role :"role" password :'verifier';
  \warn sav3: password of role :role changed
\endif
SQL
}

# What to make; written by the program, names checked there.
load_cluster() {
  # shellcheck source=/dev/null
  source "$CONFIG/cluster.sh"
}
