# Makes roles, database, extensions and slots what the files say: at initialisation, when settings are applied, and at
# the start of a primary whose files changed while it was away, as those of a kept volume did.
# shellcheck shell=bash

readonly ALIGNED=$CONFIG/aligned
# Not where clients look: nobody may see a server that is only there for the scripts, and pg_isready must not say ready.
readonly PRIVATE_SOCKET=/tmp/sav3-private

wanted() {
  cat "$CONFIG/cluster.sh" "$CONFIG"/*_PASSWORD | sha256sum
}

is_aligned() {
  [[ -e $ALIGNED && $(<"$ALIGNED") == "$(wanted)" ]]
}

# align [SOCKET FOLDER]: true when every script went through. What it followed is taken down before, since the files may
# change again meanwhile.
align() {
  local script followed
  followed=$(wanted)
  for script in /usr/local/share/sav3/init/*.sh; do
    PGHOST=${1:-/run/postgresql} run bash "$script" || {
      say "${script##*/} failed; its reason is above"
      return 1
    }
  done
  (umask 077 && printf '%s\n' "$followed" >"$ALIGNED")
}

# start_private_server FOLDER [OPTION...]: the program's settings, except where a server for nobody else needs others.
start_private_server() {
  install -d -m 0700 "$PRIVATE_SOCKET"
  env -u PGDATA postgres -c config_file="$CONFIG/postgresql.conf" -c data_directory="$1" \
    -c listen_addresses= -c unix_socket_directories="$PRIVATE_SOCKET" -c archive_mode=off \
    -c synchronous_standby_names= -c log_checkpoints=off "${@:2}" &
  private_server=$!
  until pg_isready -q -h "$PRIVATE_SOCKET"; do
    kill -0 "$private_server" 2>/dev/null ||
      refuse "$EXIT_BAD_SETTINGS" "PostgreSQL does not start with these settings; its reason is above"
    run sleep 0.02
  done
}

stop_private_server() {
  kill -INT "$private_server"
  wait "$private_server"
  private_server=
}

# A fault here is no reason to keep the rows from everyone: `up` reports it when it applies the files.
align_before_start() {
  is_aligned && return
  say "the files changed while this node was away, following them"
  start_private_server "$DATA"
  align "$PRIVATE_SOCKET" || true
  stop_private_server
}
