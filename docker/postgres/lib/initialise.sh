# The one time that a cluster is made from nothing.
# shellcheck shell=bash

# Not where clients look: pg_isready must not say ready while this server is only there for the scripts.
readonly INIT_SOCKET=/tmp/sav3-init

initialise() {
  say "initialising a new cluster"
  # Writing to disk once at the end is much faster than at every step, and a killed run starts over anyway.
  run initdb --no-sync --pgdata="$INITIALISING" --username=postgres --data-checksums \
    --encoding=UTF8 --locale=C.UTF-8 --locale-provider=builtin --builtin-locale=C.UTF-8 \
    --auth-local=peer --auth-host=scram-sha-256 --no-instructions >/dev/null
  wait_for_files
  check_files || refuse "$EXIT_BAD_SETTINGS" "$(findings)"
  start_temporary_server
  run_scripts
  run_user_sql
  stop_temporary_server
  run initdb --sync-only --pgdata="$INITIALISING" >/dev/null
  keep "$INITIALISING"
  say "cluster $(system_identifier) initialised"
}

# The program's settings, except where a server that nobody else may see needs others.
start_temporary_server() {
  install -d -m 0700 "$INIT_SOCKET"
  env -u PGDATA postgres -c config_file="$CONFIG/postgresql.conf" -c data_directory="$INITIALISING" \
    -c listen_addresses= -c unix_socket_directories="$INIT_SOCKET" -c archive_mode=off \
    -c fsync=off -c synchronous_standby_names= -c log_checkpoints=off &
  temporary_server=$!
  until pg_isready -q -h "$INIT_SOCKET"; do
    kill -0 "$temporary_server" 2>/dev/null || refuse "$EXIT_BAD_SETTINGS" "PostgreSQL does not start with these settings; its reason is above"
    run sleep 0.02
  done
}

stop_temporary_server() {
  kill -INT "$temporary_server"
  wait "$temporary_server"
}

run_scripts() {
  local script
  for script in /usr/local/share/sav3/init/*.sh; do
    PGHOST=$INIT_SOCKET run bash "$script" || refuse "$EXIT_BAD_SETTINGS" "${script##*/} failed; its reason is above"
  done
}

# Runs in the application's database. The session is the superuser's, acting as the owner, so that what the files
# make belongs to the application; `RESET ROLE` gives superuser rights where a file needs them.
run_user_sql() {
  local file
  for file in "$CONFIG"/init/*.sql; do
    [[ -e $file ]] || continue
    say "running ${file##*/}"
    PGHOST=$INIT_SOCKET run user_sql "$file" || refuse "$EXIT_BAD_SETTINGS" "initSql ${file##*/} failed; its reason is above"
  done
}

user_sql() (
  source /usr/local/lib/sav3/sql.sh
  load_cluster
  psql -Xq -v ON_ERROR_STOP=1 -d "$DATABASE" -c "set role \"$OWNER\"" -f "$1" >/dev/null
)
