import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { CredentialSettings, RotationSettings } from "../config/settings";

/** Letters and digits only: the same text in URIs, files and environment, and 190 bits at this length. */
const PASSWORD_LENGTH = 32;

export interface CredentialsArgs {
  /** Passwords given by the user; the others are generated. */
  readonly given: CredentialSettings;
  /** A new text exchanges the generated password it names. */
  readonly rotation: RotationSettings;
  /** There are poolers. */
  readonly pooler: boolean;
}

/** The passwords of a cluster, all secret. A change replaces no container: files and roles are changed in place. */
export class Credentials extends pulumi.ComponentResource {
  /** Superuser. */
  readonly postgres: pulumi.Output<string>;
  /** Replication. */
  readonly replicator: pulumi.Output<string>;
  /** Owner of the application's database. */
  readonly owner: pulumi.Output<string>;
  /** The health gate. */
  readonly gate: pulumi.Output<string>;
  /** The poolers' own role; empty where there are none. */
  readonly pooler: pulumi.Output<string>;

  constructor(name: string, args: CredentialsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:credentials:Credentials", name, {}, opts);
    const { given, rotation, pooler } = args;
    const password = (role: string, own: string | undefined, revision: string) =>
      own === undefined
        ? new random.RandomPassword(
            `${name}-${role}`,
            { length: PASSWORD_LENGTH, special: false, keepers: { rotation: revision } },
            { parent: this },
          ).result
        : pulumi.secret(own);
    this.postgres = password("postgres", given.postgresPassword, rotation.postgresPassword);
    this.replicator = password(
      "replicator",
      given.replicationPassword,
      rotation.replicationPassword,
    );
    this.owner = password("owner", given.appPassword, rotation.appPassword);
    this.gate = password("gate", undefined, rotation.gatePassword);
    this.pooler = pooler
      ? password("pooler", undefined, rotation.poolerPassword)
      : pulumi.output("");
    this.registerOutputs({});
  }
}
