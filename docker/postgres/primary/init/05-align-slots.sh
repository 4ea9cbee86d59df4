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
-- A replica that leaves may still be connected, since containers are removed last. It tries again only after
-- wal_retrieve_retry_interval, so there is time to drop the slot behind it.
do $$
declare
  stale record;
begin
  for attempt in 1..100 loop
    for stale in
      select slot_name, active_pid from pg_replication_slots
        where slot_type = 'physical' and slot_name ~ '^pg_[0-9]+$'
          and slot_name <> all (regexp_split_to_array(trim(current_setting('sav3.slots')), '\s+'))
    loop
      begin
        if stale.active_pid is not null then
          perform pg_terminate_backend(stale.active_pid, 1000);
        end if;
        perform pg_drop_replication_slot(stale.slot_name);
      exception when object_in_use then null;
      end;
    end loop;
    exit when not exists (
      select from pg_replication_slots
        where slot_type = 'physical' and slot_name ~ '^pg_[0-9]+$'
          and slot_name <> all (regexp_split_to_array(trim(current_setting('sav3.slots')), '\s+')));
    perform pg_sleep(0.05);
  end loop;
end $$;
SQL
