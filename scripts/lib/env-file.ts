import { connectionUri, reachableAddress } from "../../components/postgres/uri";
import type { Connection } from "./stack";

const begin = "# sav3-postgres: begin";
const end = "# sav3-postgres: end";

/** Connection settings by variable, for libpq and what is built on it, node-postgres, Prisma and JDBC. */
export function connectionVariables(
  connection: Connection,
  certificateFile: string,
  revocationsFile: string,
): Record<string, string> {
  const { plan, database, owner: user, ownerPassword: password } = connection;
  const uri = (index: number, parameters: Record<string, string>) => {
    const node = plan.nodes[index];
    const host = reachableAddress(node?.address ?? "");
    return connectionUri({ user, password, host, port: node?.port ?? 0, database, parameters });
  };
  const verified = { sslmode: "verify-full", sslrootcert: certificateFile };
  const replicas = plan.nodes.flatMap((_, index) => (index > 0 ? [index] : []));
  const pooled = (plan.pooler?.poolers ?? []).map(({ pooler, address, port }) => ({
    name: pooler === "pgbouncer" ? "DATABASE_POOLED_URL" : "DATABASE_POOLED_READ_URL",
    uri: connectionUri({
      user,
      password,
      host: reachableAddress(address),
      port,
      database,
      parameters: verified,
    }),
  }));
  const jdbc = new URL(uri(0, {}));
  const login = new URLSearchParams({ user, password, ...verified })
    .toString()
    .replaceAll("+", "%20");
  return {
    PGHOST: reachableAddress(plan.nodes[0]?.address ?? ""),
    PGPORT: String(plan.nodes[0]?.port ?? ""),
    PGDATABASE: database,
    PGUSER: user,
    PGPASSWORD: password,
    PGSSLMODE: verified.sslmode,
    PGSSLROOTCERT: certificateFile,
    ...(plan.crl !== "" && { PGSSLCRL: revocationsFile }),
    DATABASE_URL: uri(0, verified),
    ...Object.fromEntries(
      replicas.map((index) => [
        index === 1 ? "DATABASE_REPLICA_URL" : `DATABASE_REPLICA_URL_${index}`,
        uri(index, verified),
      ]),
    ),
    ...Object.fromEntries(pooled.map((each) => [each.name, each.uri])),
    // Prisma's own names: `sslcert` is the authority's certificate, `strict` verifies.
    PRISMA_DATABASE_URL: uri(0, {
      sslmode: "require",
      sslaccept: "strict",
      sslcert: certificateFile,
    }),
    JDBC_DATABASE_URL: `jdbc:postgresql://${jdbc.host}${jdbc.pathname}?${login}`,
  };
}

/** Puts the variables into the text of an .env file; lines outside our block stay as they are. */
export function withVariables(before: string, variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  const block = [begin, ...lines, end].join("\n");
  const start = before.indexOf(begin);
  const stop = before.indexOf(end, start);
  if (start >= 0 && stop >= 0) {
    return `${before.slice(0, start)}${block}${before.slice(stop + end.length)}`;
  }
  return before === "" ? `${block}\n` : `${before.replace(/\n*$/, "\n\n")}${block}\n`;
}

/** A value that shells and dotenv read the same way. */
function quoted(value: string): string {
  if (/^[\w./:@%+=,-]*$/.test(value)) {
    return value;
  }
  return value.includes("'") ? `"${value.replace(/["\\$`]/g, "\\$&")}"` : `'${value}'`;
}
