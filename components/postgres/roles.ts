/** Database roles that the program makes. The owner of the database is the user's choice (`owner`). */
export const SUPERUSER = "postgres";
export const REPLICATOR = "replicator";
export const GATE = "sav3_gate";
/** Asks for the password verifiers of those who log in at the pooler. */
export const POOLER = "sav3_pooler" as const;

/** Roles and databases that exist before the user's own, so that `owner` and `database` cannot be one of them. */
export const RESERVED_ROLES: readonly string[] = [SUPERUSER, REPLICATOR, GATE, POOLER];
export const RESERVED_DATABASES: readonly string[] = ["postgres", "template0", "template1"];
