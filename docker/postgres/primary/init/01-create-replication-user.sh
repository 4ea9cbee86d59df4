#!/bin/bash
# The role that standbys connect as: it may replicate and log in, nothing else.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/sql.sh

ensure_role replicator 'login replication' "$CONFIG/REPLICATION_PASSWORD"
