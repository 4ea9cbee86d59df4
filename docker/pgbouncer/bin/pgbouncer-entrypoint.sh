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
# PgBouncer's resolver (c-ares 1.31 and later) caches for as long as the name server says, whatever dns_max_ttl is. The
# engine's says 600 s, in which servers may have exchanged their addresses: this one hands out 1 s.
dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --server=127.0.0.11 --cache-size=0 --max-ttl=1 \
  --listen-address=127.0.0.1 --bind-interfaces --port=5353 --pid-file= &
resolver=$!
printf 'nameserver 127.0.0.1:5353\n' >/tmp/resolv.conf
pgbouncer "$CONFIG/pgbouncer.ini" &
pooler=$!
# A signal ends the waiting, not what is waited for.
code=0
while kill -0 "$pooler" 2>/dev/null; do
  wait -n "$pooler" "$resolver"
  code=$?
  # Without its resolver it would find no server: both start anew.
  kill -0 "$resolver" 2>/dev/null || kill -QUIT "$pooler" 2>/dev/null
done
[[ -n $stopping ]] && exit 0
exit "$code"
