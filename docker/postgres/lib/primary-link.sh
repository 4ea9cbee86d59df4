# What a standby asks of its primary over the replication protocol, as the role and with the certificate that it
# streams with. Nothing here needs a server on this node.
# shellcheck shell=bash

# How long a killed base backup can keep its slot: until the primary notices that nobody reads.
readonly PATIENCE=45

# ask_primary COMMAND: columns come back separated by a blank. The settings are read anew each time, since a password
# may have been exchanged meanwhile.
ask_primary() {
  PGOPTIONS='' timeout 5 psql -XqAt -F ' ' -c "$1" \
    -d "$(setting primary_conninfo) replication=true application_name=sav3-entrypoint connect_timeout=3"
}

# wait_for_primary SECONDS (0: without end). Says what it waits for, and again only when the reason changes.
wait_for_primary() {
  local reason='' before='' started=$SECONDS pause=0.1
  until reason=$(ask_primary IDENTIFY_SYSTEM 2>&1 >/dev/null); do
    reason=$(tr '\n' ' ' <<<"$reason")
    [[ $reason == "$before" ]] || say "waiting for the primary: $reason"
    before=$reason
    (($1 == 0 || SECONDS - started < $1)) || return 1
    # A primary that starts is met at once; one that refuses this node is not asked ten times a second.
    [[ $reason == *FATAL* ]] && pause=1
    sleep "$pause"
  done
}

primary_identifier() {
  local identifier _
  read -r identifier _ < <(ask_primary IDENTIFY_SYSTEM)
  printf '%s' "$identifier"
}

slot() {
  setting primary_slot_name
}

# slot_state: "physical 0/3000000 1", "physical" when it has no position, nothing when there is no such slot.
slot_state() {
  ask_primary "READ_REPLICATION_SLOT $(slot)" | xargs
}

# A slot that lost its WAL never recovers; a new one keeps what there is from now on.
ensure_slot() {
  local state
  state=$(slot_state) || return
  if lost_slot "$state"; then
    say "slot $(slot) was invalidated on the primary, making it anew"
    renew_slot "$state"
  elif [[ -z $state ]]; then
    renew_slot "$state"
  fi
}

# renew_slot STATE: the slot as new, holding WAL from now on.
renew_slot() {
  [[ -z $1 ]] || ask_primary "DROP_REPLICATION_SLOT $(slot)" >/dev/null || return
  ask_primary "CREATE_REPLICATION_SLOT $(slot) PHYSICAL RESERVE_WAL" >/dev/null
}

# patiently COMMAND...: tries every second until it works or PATIENCE is over.
patiently() {
  local started=$SECONDS
  until "$@"; do
    ((SECONDS - started < PATIENCE)) || return 1
    run sleep 1
  done
}
