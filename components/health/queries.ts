import type { Client } from "pg";
import type { ServerSeen, SlotSeen } from "./types";

interface StateRow {
  in_recovery: boolean;
  read_only: boolean;
  system_identifier: string;
  timeline: number;
  lsn: string | null;
  replay_paused: boolean;
  receiver: string | null;
  slots: SlotSeen[] | null;
}

// The timeline of a primary comes from the WAL it writes, since its control file still names the old one for a while
// after a promotion; that of a standby from what it receives. A slot's holder is found by process id: a base backup
// that was killed may leave an older connection of the same name behind.
const stateQuery = `
SELECT pg_is_in_recovery() AS in_recovery,
       current_setting('default_transaction_read_only')::boolean AS read_only,
       (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
       CASE WHEN pg_is_in_recovery()
            THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS replay_paused,
       (SELECT status FROM pg_stat_wal_receiver) AS receiver,
       (SELECT json_agg(json_build_object(
          'name', slot.slot_name, 'active', slot.active, 'walStatus', coalesce(slot.wal_status, ''),
          'holder', coalesce(sender.application_name, ''),
          'holderState', CASE WHEN sender.application_name = 'pg_basebackup' THEN 'base backup' ELSE coalesce(sender.state, '') END,
          'holderTls', coalesce(tls.ssl, false)))
        FROM pg_replication_slots slot
        LEFT JOIN pg_stat_replication sender ON sender.pid = slot.active_pid
        LEFT JOIN pg_stat_ssl tls ON tls.pid = slot.active_pid
        WHERE slot.slot_type = 'physical') AS slots`;

/** Asks a server who it is. */
export async function readState(client: Client): Promise<ServerSeen> {
  const { rows } = await client.query<StateRow>(stateQuery);
  const row = rows[0];
  if (!row) {
    throw new Error("the server described nothing");
  }
  return {
    inRecovery: row.in_recovery,
    readOnly: !row.in_recovery && row.read_only,
    systemIdentifier: row.system_identifier,
    timeline: row.timeline,
    lsn: row.lsn ?? "",
    replayPaused: row.replay_paused,
    receiver: row.receiver ?? "",
    marker: "",
    slots: row.slots ?? [],
  };
}

/** Writes the marker on a primary and returns the WAL position that contains it. */
export async function writeMarker(client: Client, marker: string): Promise<string> {
  await client.query(
    `INSERT INTO sav3.gate (id, marker, at) VALUES (1, $1, now())
     ON CONFLICT (id) DO UPDATE SET marker = excluded.marker, at = excluded.at`,
    [marker],
  );
  const { rows } = await client.query<{ lsn: string }>("SELECT pg_current_wal_lsn()::text AS lsn");
  return rows[0]?.lsn ?? "";
}

/** The marker as a node sees it; empty when there is none. */
export async function readMarker(client: Client): Promise<string> {
  const { rows } = await client.query<{ marker: string }>(
    "SELECT marker FROM sav3.gate WHERE id = 1",
  );
  return rows[0]?.marker ?? "";
}
