import { CONTAINER, list, record, text, type PolicyResource, type Rule } from "./resource";

/** Addresses that mean every interface; Docker's published ports pass by host firewalls. */
const EVERY_INTERFACE: readonly string[] = ["", "0.0.0.0", "::", "[::]"];
const SECRET_NAME = /PASS|SECRET|TOKEN|PRIVATE|CREDENTIAL|(^|_)KEY($|_)/i;
const SECRET_VALUE = /-----BEGIN [A-Z ]*PRIVATE KEY-----|SCRAM-SHA-256\$|:\/\/[^/\s:]+:[^@\s]+@/;

function forContainers(
  check: (props: PolicyResource["props"]) => readonly (string | false)[],
): Rule["check"] {
  return ({ type, props }) =>
    type === CONTAINER ? check(props).filter((fault) => fault !== false) : [];
}

const portsNeedAddress: Rule = {
  name: "ports-need-an-address",
  description: "A published port names the address it is for, and not every interface.",
  check: forContainers(({ ports, publishAllPorts, networkMode }) => [
    publishAllPorts === true && "publishAllPorts opens every port on every interface",
    networkMode === "host" && "the host's network opens every port on every interface",
    ...list(ports)
      .map(record)
      .filter(({ ip }) => EVERY_INTERFACE.includes(text(ip)))
      .map(({ internal }) => `port ${String(internal)} is published on every interface; set ip`),
  ]),
};

const noSecretsInEnvironment: Rule = {
  name: "no-secrets-in-environment",
  description: "Environment shows in `docker inspect` and in /proc; secrets come as files.",
  check: forContainers(({ envs }) =>
    list(envs).map((entry) => {
      const [name = "", ...value] = text(entry).split("=");
      const secret = SECRET_NAME.test(name) || SECRET_VALUE.test(value.join("="));
      return secret && `${name} looks like a secret; give it as a file`;
    }),
  ),
};

const pinnedImages: Rule = {
  name: "images-are-pinned",
  description: "A container's image is named by digest, id, content hash or dated tag.",
  check: forContainers(({ image }) => {
    const name = text(image);
    const tag = /:([\w][\w.-]*)$/.exec(name)?.[1] ?? "";
    const pinned =
      /sha256:[0-9a-f]{64}$/.test(name) || /^[0-9a-f]{16,64}$/.test(tag) || /20\d{6}/.test(tag);
    return [!pinned && `image ${name} may change under its name; use a digest or a content tag`];
  }),
};

const cleanStop: Rule = {
  name: "containers-stop-cleanly",
  description: "Destroy and replace stop a container with SIGKILL unless it has a grace period.",
  check: forContainers(({ destroyGraceSeconds, stopTimeout, stopSignal }) => [
    !(Number(destroyGraceSeconds) >= 10) && "destroyGraceSeconds is missing or under 10",
    !(Number(stopTimeout) >= 10) && "stopTimeout is missing or under 10",
    text(stopSignal) === "" && "stopSignal is missing",
  ]),
};

const limits: Rule = {
  name: "containers-have-limits",
  description: "Memory, swap and logs of a container are bounded.",
  check: forContainers(({ memory, memorySwap, logOpts }) => [
    !(Number(memory) > 0) && "memory is not limited",
    !(Number(memorySwap) >= Number(memory)) && "memorySwap is not set",
    record(logOpts)["max-size"] === undefined && "logs grow without end; set logOpts max-size",
  ]),
};

const noRights: Rule = {
  name: "containers-have-no-rights",
  description: "No capabilities, no new privileges, not root, nothing of the host.",
  check: forContainers((props) => [
    props["privileged"] === true && "it is privileged",
    !list(record(props["capabilities"])["drops"]).includes("ALL") && "capabilities are not dropped",
    !list(props["securityOpts"]).some((option) => text(option).startsWith("no-new-privileges")) &&
      "no-new-privileges is missing",
    props["readOnly"] !== true && "the root file system can be written",
    /^(0|root)?(:|$)/.test(text(props["user"])) && "it runs as root; set user",
    ["pidMode", "ipcMode", "usernsMode"].some((key) => props[key] === "host") &&
      "it shares a namespace with the host",
    ...list(props["volumes"])
      .map(record)
      .filter(({ hostPath }) => text(hostPath) !== "")
      .map(({ hostPath }) => `it mounts ${text(hostPath)} of the host`),
  ]),
};

const noWeakAuthentication: Rule = {
  name: "no-weak-authentication",
  description: "No rule of a rendered pg_hba.conf says trust, password, md5 or ident.",
  check: ({ props }) => hbaFiles(props).flatMap((file) => weakLines(file)),
};

/** Every pg_hba.conf among the files of a resource, wherever its inputs hold them. */
function hbaFiles(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(hbaFiles);
  return Object.entries(record(value)).flatMap(([key, inner]) =>
    key.endsWith("pg_hba.conf") ? [text(inner)] : hbaFiles(inner),
  );
}

/** Lines of a pg_hba.conf whose method proves little or nothing. */
function weakLines(file: string): string[] {
  return file
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .filter((line) => /\s(trust|password|md5|ident)(\s|$)/.test(line))
    .map((line) => `pg_hba.conf has "${line.trim()}"`);
}

/** All rules. Each is a plain function of one resource. */
export const rules: readonly Rule[] = [
  portsNeedAddress,
  noSecretsInEnvironment,
  pinnedImages,
  cleanStop,
  limits,
  noRights,
  noWeakAuthentication,
];
