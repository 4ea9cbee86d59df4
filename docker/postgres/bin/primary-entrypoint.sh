#!/bin/bash
# Starts the node that was made first. An empty volume is initialised, once; anything that is not this cluster's
# primary is refused and left alone.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/volume.sh
source /usr/local/lib/sav3/check.sh
source /usr/local/lib/sav3/align.sh
source /usr/local/lib/sav3/initialise.sh

refuse_standby() {
  [[ -e $DATA/standby.signal ]] || return 0
  refuse "$EXIT_WRONG_ROLE" "the data volume holds a standby of cluster $(system_identifier), not its primary;\
 was the volume exchanged with a replica's? It was left as it is"
}

refuse_other_cluster() {
  local recorded
  [[ -e $IDENTIFIER_FILE ]] || return 0
  recorded=$(<"$IDENTIFIER_FILE")
  [[ $recorded == "$(system_identifier)" ]] && return
  refuse "$EXIT_OTHER_CLUSTER" "the data volume holds cluster $(system_identifier), this node belongs to cluster\
 $recorded; both volumes were left as they are"
}

# The replicas still hold the rows: beginning anew would leave them behind without a word.
refuse_lost_data() {
  [[ -e $IDENTIFIER_FILE ]] || return 0
  refuse "$EXIT_MISSING_DATA" "the data volume is empty, but this node was the primary of cluster\
 $(<"$IDENTIFIER_FILE"), which its replicas may still hold; put the volume back, or destroy the stack to begin anew"
}

main() {
  heed_stops
  remove_leftovers
  if [[ -e $DATA ]]; then
    refuse_unknown_content
    refuse_other_major
    refuse_standby
    refuse_other_cluster
  else
    refuse_lost_data
    initialise
  fi
  record_identifier
  wait_for_files
  refuse_bad_files
  align_before_start
  start_postgres
}

main
