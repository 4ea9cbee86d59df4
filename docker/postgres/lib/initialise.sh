# The one time that a cluster is made from nothing. Sourced after align.sh.
# shellcheck shell=bash

initialise() {
  say "initialising a new cluster"
  # Writing to disk once at the end is much faster than at every step, and a killed run starts over anyway.
  run initdb --no-sync --pgdata="$INITIALISING" --username=postgres --data-checksums \
    --encoding=UTF8 --locale=C.UTF-8 --locale-provider=builtin --builtin-locale=C.UTF-8 \
    --auth-local=peer --auth-host=scram-sha-256 --no-instructions >/dev/null
  wait_for_files
  refuse_bad_files
  start_private_server "$INITIALISING" -c fsync=off
  align "$PRIVATE_SOCKET" || refuse "$EXIT_BAD_SETTINGS" "the first start failed at a script; its reason is above"
  run_user_sql
  stop_private_server
  run initdb --sync-only --pgdata="$INITIALISING" >/dev/null
  keep "$INITIALISING"
  say "cluster $(system_identifier) initialised"
}

# Runs in the application's database. The session is the superuser's, acting as the owner, so that what the files
# make belongs to the application; `RESET ROLE` gives superuser rights where a file needs them.
run_user_sql() {
  local file
  for file in "$CONFIG"/init/*.sql; do
    [[ -e $file ]] || continue
    say "running ${file##*/}"
    PGHOST=$PRIVATE_SOCKET run user_sql "$file" || refuse "$EXIT_BAD_SETTINGS" "initSql ${file##*/} failed; its reason is above"
  done
}

user_sql() (
  source /usr/local/lib/sav3/sql.sh
  load_cluster
  psql -Xq -v ON_ERROR_STOP=1 -d "$DATABASE" -c "set role \"$OWNER\"" -f "$1" >/dev/null
)
