#!/bin/bash
# The superuser's password. Over the socket PostgreSQL asks the kernel who is there, so this never locks anyone out.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/sql.sh

ensure_role postgres 'login superuser' "$CONFIG/POSTGRES_PASSWORD"
