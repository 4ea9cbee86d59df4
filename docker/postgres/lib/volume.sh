# What may be done with the folder that is in the data volume. Nothing here writes into it.
# shellcheck shell=bash

# Made under these names, renamed to $DATA when complete. Whatever is left of an interrupted start is worthless.
readonly INITIALISING=$DATA.initialising
readonly SEEDING=$DATA.seeding
readonly OUTDATED=$DATA.outdated

remove_leftovers() {
  local folder
  # An empty folder holds nothing to lose.
  rmdir "$DATA" 2>/dev/null || true
  for folder in "$INITIALISING" "$SEEDING" "$OUTDATED"; do
    if [[ -e $folder ]]; then
      say "removing ${folder##*/}, left by an interrupted start"
      run rm -rf "$folder"
    fi
  done
}

# keep FOLDER: from here on it is the cluster, also after a power cut.
keep() {
  sync "$1"
  mv -T "$1" "$DATA"
  sync "$VOLUME"
}

# control FIELD: one line of the control file, e.g. "Database system identifier".
control() {
  pg_controldata -D "$DATA" | sed -n "s/^$1: *//p"
}

system_identifier() {
  control 'Database system identifier'
}

record_identifier() {
  local identifier
  identifier=$(system_identifier)
  if [[ ! -e $IDENTIFIER_FILE || $(<"$IDENTIFIER_FILE") != "$identifier" ]]; then
    (umask 077 && printf '%s\n' "$identifier" >"$IDENTIFIER_FILE.new")
    mv "$IDENTIFIER_FILE.new" "$IDENTIFIER_FILE"
  fi
}

refuse_unknown_content() {
  [[ -s $DATA/PG_VERSION && -s $DATA/global/pg_control ]] && return
  refuse "$EXIT_WRONG_ROLE" "$DATA holds no PostgreSQL cluster, but it is there; it was left as it is"
}

refuse_other_major() {
  local found wanted
  found=$(<"$DATA/PG_VERSION")
  wanted=$(postgres --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
  [[ $found == "$wanted" ]] && return
  refuse "$EXIT_OTHER_MAJOR" "the data volume was made by PostgreSQL $found, this image has PostgreSQL $wanted;\
 set sav3-postgres:postgresVersion to $found, or dump and restore; the volume was left as it is"
}
