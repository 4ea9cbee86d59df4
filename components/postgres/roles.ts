/** Database roles that the program makes. The owner of the database is the user's choice (`owner`). */
export const SUPERUSER = "postgres";
export const REPLICATOR = "replicator";
export const GATE = "sav3_gate";

/** Roles and databases that exist before the user's own, so that `owner` and `database` cannot be one of them. */
export const RESERVED_ROLES: readonly string[] = [SUPERUSER, REPLICATOR, GATE];
export const RESERVED_DATABASES: readonly string[] = ["postgres", "template0", "template1"];
