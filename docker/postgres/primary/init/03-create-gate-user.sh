#!/bin/bash
# The role that proves replication: it reads statistics and writes a marker into its own schema of the maintenance
# database, so that the application's database stays the application's.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/sql.sh

ensure_role sav3_gate 'login in role pg_monitor' "$CONFIG/GATE_PASSWORD"
sql postgres <<'SQL'
select to_regnamespace('sav3') is null as missing \gset
\if :missing
  begin;
  revoke all on database postgres, template1 from public;
  grant connect on database postgres to sav3_gate;
  create schema sav3 authorization sav3_gate;
  create table sav3.gate (id integer primary key, marker text not null, at timestamptz not null default now());
  alter table sav3.gate owner to sav3_gate;
  commit;
\endif
SQL
