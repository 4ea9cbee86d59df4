#!/bin/bash
# Starts a standby. An empty volume is seeded from the primary over TLS, through the node's own slot; a volume of
# another cluster or major version is refused and left alone; one that the primary has left behind is seeded again.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/volume.sh
source /usr/local/lib/sav3/check.sh
source /usr/local/lib/sav3/primary-link.sh
source /usr/local/lib/sav3/wal.sh
source /usr/local/lib/sav3/minimums.sh

# After a restart of the engine a standby may be up first. It then starts with what it has, and serves reads.
readonly PRIMARY_GRACE=5

refuse_promoted() {
  [[ -e $DATA/standby.signal ]] && return
  refuse "$EXIT_WRONG_ROLE" "the data volume holds cluster $(system_identifier) as a primary: this node was promoted,\
 or its volume exchanged. It may hold rows that no other node has, so it was left as it is; remove the volume to seed it anew"
}

# meet_primary SECONDS: false when the primary is not there, also when it went away between two questions. No answer
# is not the answer of another cluster, which would have people remove a sound volume.
primary=
meet_primary() {
  wait_for_primary "$1" || return
  primary=$(primary_identifier)
  [[ $primary =~ ^[0-9]+$ ]] && return
  say "the primary went away again"
  return 1
}

refuse_other_cluster() {
  local own
  own=$(system_identifier)
  [[ $primary == "$own" ]] && return
  refuse "$EXIT_OTHER_CLUSTER" "the data volume holds cluster $own, the primary is cluster $primary; the volume was\
 left as it is, remove it to seed this node from the primary"
}

# Only ever called for a standby of the primary's own cluster. The rename makes it unusable in one step.
discard() {
  say "the primary no longer has the WAL that this node needs, seeding it again"
  mv "$DATA" "$OUTDATED"
  run rm -rf "$OUTDATED"
}

# What the slot held for data that are gone is of no use, and whether it lost its WAL cannot always be told.
base_backup() {
  renew_slot "$(slot_state)" || return
  run rm -rf "$SEEDING"
  run pg_basebackup --pgdata="$SEEDING" --checkpoint=fast --wal-method=stream --slot="$(slot)" --no-password \
    --dbname="$(setting primary_conninfo) application_name=sav3-seeding"
}

seed() {
  until meet_primary 0; do run sleep 1; done
  say "seeding from the primary, cluster $primary"
  patiently base_backup || { say "seeding failed, starting over"; exit 1; }
  : >"$SEEDING/standby.signal"
  sync "$SEEDING/standby.signal"
  keep "$SEEDING"
  say "seeded"
}

main() {
  heed_stops
  remove_leftovers
  if [[ -e $DATA ]]; then
    refuse_unknown_content
    refuse_other_major
    refuse_promoted
  fi
  wait_for_files
  refuse_bad_files
  if [[ -e $DATA ]]; then
    if meet_primary "$PRIMARY_GRACE"; then
      refuse_other_cluster
      if patiently ensure_slot && left_behind; then discard; fi
    else
      say "starting without the primary"
    fi
  fi
  [[ -e $DATA ]] || seed
  record_identifier
  # Not a child of PostgreSQL, which would take its end for a crashed backend: orphaned at once, it is tini's.
  (sav3-watch &)
  start_standby
}

main
