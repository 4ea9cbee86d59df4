#!/bin/bash
# Starts PgBouncer once its files are there, and stops it: transactions under way get a while to end.
set -uo pipefail

readonly CONFIG=/etc/sav3
# Less than the engine waits before it kills.
readonly GRACE=30

pooler=
stopping=
stop() {
  stopping=yes
  [[ -n $pooler ]] || exit 0
  # SIGINT lets every server connection be released first, SIGQUIT does not wait.
  kill -INT "$pooler" 2>/dev/null
  (sleep "$GRACE" && kill -QUIT "$pooler" 2>/dev/null) &
}
trap stop INT TERM

if [[ ! -e $CONFIG/ready ]]; then
  echo "sav3: waiting for the settings in $CONFIG" >&2
  until [[ -e $CONFIG/ready ]]; do
    sleep 0.05 &
    wait "$!"
  done
fi

# What a pause left here belongs to a process that is gone.
rm -f /run/pgbouncer/pause
pgbouncer "$CONFIG/pgbouncer.ini" &
pooler=$!
# A signal ends the waiting, not what is waited for.
while kill -0 "$pooler" 2>/dev/null; do
  wait "$pooler"
  code=$?
done
[[ -n $stopping ]] && exit 0
exit "$code"
