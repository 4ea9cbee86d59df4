import * as pulumi from "@pulumi/pulumi";
import type { RotationSettings, TlsSettings } from "../config/settings";
import { Authority } from "./authority";
import { endsWithin } from "./authority-check";
import { Certificate } from "./certificate";
import { serverNames } from "./names";
import { Revocations } from "./revocations";
import { intermediates } from "./x509";

/** Role that proves itself with a certificate beside its password. */
export type ClientRole = "replicator" | "sav3_gate" | "sav3_pooler";

/** A server as its certificate sees it: a node or a pooler. */
export interface TlsNode {
  /** Host name, e.g. `pg-0`: the certificate's common name. */
  readonly node: string;
  /** Network aliases, e.g. `["pg-primary"]`. */
  readonly names: readonly string[];
}

/** Arguments of {@link ClusterTls}. A change of any exchanges files and reloads; no session ends. */
export interface ClusterTlsArgs {
  /** Stack's name; a generated authority carries it. */
  readonly stack: string;
  readonly settings: TlsSettings;
  readonly rotation: Pick<RotationSettings, "authority" | "retireAuthority" | "certificates">;
  /** Address the ports are published on; in every server certificate unless it means every interface. */
  readonly bindAddress: string;
  readonly nodes: readonly TlsNode[];
  /** Roles that get a client certificate. */
  readonly clients: readonly ClientRole[];
}

/** What goes into a pair of files: the certificate with all that is to be sent along, and its key. */
export interface TlsFiles {
  readonly certificate: pulumi.Output<string>;
  readonly privateKey: pulumi.Output<string>;
}

/**
 * Keys and certificates of a cluster: one authority, a server certificate for each node and pooler, client certificates
 * for replication, for the gate and for the poolers, and the list of those that were replaced.
 */
export class ClusterTls extends pulumi.ComponentResource {
  /** Whom clients and servers trust: the authority, and until `rotation.retireAuthority` the one before it. PEM. */
  readonly caCertificate: pulumi.Output<string>;
  /** Revocation lists, PEM; empty when the user's own authority may not sign any. */
  readonly revocations: pulumi.Output<string>;

  readonly #authority: Authority;
  readonly #servers: ReadonlyMap<string, Certificate>;
  readonly #clients: ReadonlyMap<ClientRole, Certificate>;

  constructor(name: string, args: ClusterTlsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:tls:ClusterTls", name, {}, opts);
    const { stack, settings, rotation, bindAddress, nodes, clients } = args;
    const child = { parent: this };

    const soon = endsWithin(settings.ca?.certificate, settings.validityHours, new Date());
    if (soon !== undefined) void pulumi.log.warn(soon, this);
    this.#authority = new Authority(
      `${name}-authority`,
      {
        stack,
        ownCertificate: settings.ca?.certificate ?? "",
        ownPrivateKey: settings.ca?.privateKey ?? "",
        rotation: rotation.authority,
        retire: rotation.retireAuthority,
        leafValidityHours: settings.validityHours,
      },
      child,
    );
    const authority = this.#authority;

    const issue = (commonName: string, usage: "server" | "client", names: readonly string[]) =>
      new Certificate(
        `${name}-${commonName}`,
        {
          commonName,
          usage,
          names,
          authorityCertificate: authority.certificate,
          authorityPrivateKey: authority.privateKey,
          validityHours: settings.validityHours,
          renewBeforeHours: settings.renewBeforeHours,
          rotation: rotation.certificates,
        },
        child,
      );
    this.#servers = new Map(
      nodes.map(({ node, names }) => [
        node,
        issue(node, "server", serverNames(node, names, bindAddress, settings.names)),
      ]),
    );
    this.#clients = new Map(clients.map((role) => [role, issue(role, "client", [])]));

    const certificates = [...this.#servers.values(), ...this.#clients.values()];
    this.revocations = new Revocations(
      `${name}-revocations`,
      {
        authorityCertificate: authority.certificate,
        authorityPrivateKey: authority.privateKey,
        previousAuthority: authority.previous,
        certificates: certificates.map(({ certificate }) => certificate),
      },
      child,
    ).list;
    this.caCertificate = pulumi.interpolate`${authority.certificate}${authority.previous}`;

    this.registerOutputs({ caCertificate: this.caCertificate });
  }

  /** Server certificate of a node or pooler, e.g. `pg-0`. */
  server(node: string): TlsFiles {
    return this.#files(this.#servers.get(node), node);
  }

  /** Client certificate of a role. */
  client(role: ClientRole): TlsFiles {
    return this.#files(this.#clients.get(role), role);
  }

  #files(certificate: Certificate | undefined, owner: string): TlsFiles {
    if (certificate === undefined) {
      throw new Error(`no certificate was issued for "${owner}"`);
    }
    // The cross-certificate lets whoever knows only the authority before verify this one until it is retired.
    const chain = pulumi
      .all([certificate.certificate, this.#authority.crossCertificate, this.#authority.previous])
      .apply(
        ([own, cross, previous]) => own + cross + (cross === "" ? "" : intermediates(previous)),
      );
    return { certificate: chain, privateKey: certificate.privateKey };
  }
}
