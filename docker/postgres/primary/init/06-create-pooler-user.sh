#!/bin/bash
# What the poolers need to check passwords: a function that gives the verifier of one role, and a role that may call
# it and do nothing else. The function runs as a third role, which can read those columns and never logs in.
# A schema of its own, since the owner of another one could exchange the function.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/sql.sh

if [[ -s $CONFIG/POOLER_PASSWORD ]]; then
  ensure_role sav3_pooler 'login' "$CONFIG/POOLER_PASSWORD"
  sql postgres <<'SQL'
begin;
select to_regrole('sav3_pooler_lookup') is null as missing \gset
\if :missing
  create role sav3_pooler_lookup nologin;
\endif
grant select (rolname, rolpassword, rolcanlogin, rolsuper, rolreplication, rolvaliduntil) on pg_authid to sav3_pooler_lookup;
create schema if not exists sav3_pooler;
grant usage on schema sav3_pooler to sav3_pooler;
grant connect on database postgres to sav3_pooler;
-- Superusers and the program's own roles do not come through a pooler. Called at every login: PL/pgSQL keeps the plan.
create or replace function sav3_pooler.login(role text, out usename name, out passwd text) returns setof record
  language plpgsql stable strict security definer set search_path = pg_catalog, pg_temp
  as $$
    begin
      return query select rolname, rolpassword from pg_catalog.pg_authid
        where rolname = role and rolcanlogin and not rolsuper and not rolreplication
          and rolname not in ('sav3_gate', 'sav3_pooler') and (rolvaliduntil is null or rolvaliduntil > now());
    end
  $$;
alter function sav3_pooler.login owner to sav3_pooler_lookup;
revoke all on function sav3_pooler.login from public;
grant execute on function sav3_pooler.login to sav3_pooler;
commit;
SQL
else
  sql postgres <<'SQL'
select to_regrole('sav3_pooler') is not null as present \gset
\if :present
  begin;
  drop schema if exists sav3_pooler cascade;
  drop owned by sav3_pooler, sav3_pooler_lookup;
  drop role sav3_pooler, sav3_pooler_lookup;
  commit;
\endif
SQL
fi
