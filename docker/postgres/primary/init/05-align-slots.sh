#!/bin/bash
# One physical slot for every replica, none for a replica that left: a slot without a reader keeps WAL.
set -euo pipefail
source /usr/local/lib/sav3/common.sh
source /usr/local/lib/sav3/sql.sh
load_cluster

sql postgres -v slots="${SLOTS:-}" <<'SQL'
select pg_create_physical_replication_slot(wanted, true)
  from regexp_split_to_table(trim(:'slots'), '\s+') as wanted
  where wanted <> '' and wanted not in (select slot_name from pg_replication_slots) \g /dev/null
select set_config('sav3.slots', :'slots', false) \g /dev/null
-- A replica that leaves may still be connected, since containers are removed last, and one that loses its connection
-- is back within milliseconds. So this looks more often than a handshake lasts, instead of waiting in
-- pg_terminate_backend, which looks every 100 ms.
set client_min_messages = error;
do $$
declare
  stale record;
  remaining text;
  deadline constant timestamptz := clock_timestamp() + interval '60 s';
begin
  loop
    remaining := null;
    for stale in
      select slot_name, active_pid from pg_replication_slots
        where slot_type = 'physical' and slot_name ~ '^pg_[0-9]+$'
          and slot_name <> all (regexp_split_to_array(trim(current_setting('sav3.slots')), '\s+'))
    loop
      begin
        perform pg_drop_replication_slot(stale.slot_name);
      exception when object_in_use then
        perform pg_terminate_backend(stale.active_pid);
        remaining := concat_ws(', ', remaining, stale.slot_name);
      end;
    end loop;
    exit when remaining is null;
    if clock_timestamp() > deadline then
      raise exception 'slots of replicas that left are still read, stop whoever reads them: %', remaining;
    end if;
    perform pg_sleep(0.002);
  end loop;
end $$;
SQL
