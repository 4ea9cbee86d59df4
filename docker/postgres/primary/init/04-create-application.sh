#!/bin/bash
# The application's role and database, and the extensions in it.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/sql.sh
load_cluster

ensure_role "$OWNER" login "$CONFIG/APP_PASSWORD"
sql postgres -v database="$DATABASE" -v owner="$OWNER" <<'SQL'
select not exists (select from pg_database where datname = :'database') as missing \gset
\if :missing
  create database :"database" owner :"owner";
  revoke all on database :"database" from public;
\endif
SQL

for extension in ${EXTENSIONS:-}; do
  sql "$DATABASE" -v extension="$extension" <<'SQL'
select exists (select from pg_available_extensions where name = :'extension') as available \gset
\if :available
  create extension if not exists :"extension" cascade;
\else
  \warn sav3: refused: extension :'extension' is not in this image
  do $$ begin raise 'see above'; end $$;
\endif
SQL
done
