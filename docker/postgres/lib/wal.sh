# Can this standby go on with the WAL that the primary still has? Sourced after volume.sh and primary-link.sh.
# shellcheck shell=bash

# segment_of LSN: number of the WAL segment that holds it.
segment_of() {
  local high=${1%/*} low=${1#*/}
  echo $(((16#$high << 32 | 16#$low) / $(control 'Bytes per WAL segment')))
}

# segment_file NUMBER: the segment's name on the timeline of this node.
segment_file() {
  local size=$(($(control 'Bytes per WAL segment')))
  local per_log=$((0x100000000 / size))
  printf '%08X%08X%08X' "$(control "Latest checkpoint's TimeLineID")" $(($1 / per_log)) $(($1 % per_log))
}

# The segment where this node's own WAL ends, which is where streaming will begin. The control file knows a lower
# bound at once; only when that is not enough is the WAL itself read.
own_last_segment() {
  local redo end output
  redo=$(control "Latest checkpoint's REDO location")
  output=$(pg_waldump --quiet --path="$DATA/pg_wal" --start="$redo" \
    --timeline="$(control "Latest checkpoint's TimeLineID")" 2>&1 || true)
  end=$(sed -nE 's/.*error in WAL record at ([0-9A-F]+\/[0-9A-F]+).*/\1/p' <<<"$output")
  segment_of "${end:-$redo}"
}

# primary_has SEGMENT: asks for its first byte. Only a plain "removed" is a no: anything else is for PostgreSQL to say.
primary_has() {
  local folder output size
  folder=$(mktemp -d)
  size=$(control 'Bytes per WAL segment')
  : >"$folder/$(segment_file "$1").partial"
  output=$(timeout 10 pg_receivewal --directory="$folder" --no-loop --no-sync --no-password \
    --endpos="$(printf '%X/%X' $(($1 * size >> 32)) $((($1 * size & 0xFFFFFFFF) + 1)))" \
    --dbname="$(setting primary_conninfo) application_name=sav3-entrypoint" 2>&1 || true)
  rm -rf "$folder"
  [[ $output != *'has already been removed'* ]]
}

# left_behind: certain that neither the slot nor chance has kept what this node needs. Whatever is unclear, such as a
# primary that went away meanwhile, is a no: the answer costs this node its data. WAL is removed oldest first, so what
# follows a segment that is there is there, too.
left_behind() {
  local minimum last
  minimum=$(control 'Minimum recovery ending location')
  [[ $minimum == */* ]] || return 1
  primary_has "$(segment_of "$minimum")" && return 1
  last=$(own_last_segment)
  [[ $last =~ ^[0-9]+$ ]] && ! primary_has "$last"
}

# lost_slot STATE: whether a slot in this state (see slot_state) gave up its WAL. It has no position then, until a
# receiver that is refused for the WAL it asked for leaves its own there; PostgreSQL takes up such a slot all the same.
lost_slot() {
  local position
  read -r _ position _ <<<"$1"
  [[ $1 == physical ]] || { [[ $position == */* ]] && ! primary_has "$(segment_of "$position")"; }
}
