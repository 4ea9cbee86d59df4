import { isIP } from "node:net";
import { hbaFiles, weakLines } from "./hba";
import {
  BUILT_IMAGE,
  CONTAINER,
  list,
  PULLED_IMAGE,
  record,
  text,
  type PolicyResource,
  type Rule,
} from "./resource";
import { exposedSecrets } from "./secrets";

/** Everything but one interface, however it is written; Docker's published ports pass by host firewalls. */
function isEveryInterface(ip: string): boolean {
  const address = ip.replace(/^\[(.*)\]$/, "$1");
  return isIP(address) === 0 || /^[0:.]*$/.test(address.replace(/^[0:]*:ffff:/i, ""));
}

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
      .filter(({ ip }) => isEveryInterface(text(ip)))
      .map(({ internal }) => `port ${String(internal)} is not bound to one interface; set ip`),
  ]),
};

const noSecrets: Rule = {
  name: "no-secrets-in-containers",
  description: "What a container is made with shows in `docker inspect`; secrets come as files.",
  check: forContainers((props) =>
    exposedSecrets(props).map((place) => `${place} looks like a secret; give it as a file`),
  ),
};

/** A digest, an id, a tag that is a content hash, or one with a day in it that does not move all the same. */
function isPinned(image: string): boolean {
  const tag = /:([\w][\w.-]*)$/.exec(image)?.[1] ?? "";
  const dated = /(^|[-._])20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([-._]|$)/.test(tag);
  return (
    /(^|@)sha256:[0-9a-f]{64}$/.test(image) ||
    /^[0-9a-f]{16,64}$/.test(tag) ||
    (dated && !/latest/i.test(tag))
  );
}

const pinnedImages: Rule = {
  name: "images-are-pinned",
  description: "An image that is built or run is named by digest, id, content hash or dated tag.",
  check: ({ type, props }) => {
    if (type !== CONTAINER && type !== BUILT_IMAGE) return [];
    const name = text(props[type === CONTAINER ? "image" : "imageName"]);
    if (isPinned(name)) return [];
    return [`image ${name} may change under its name; use a digest or a content tag`];
  },
};

const baseStays: Rule = {
  name: "pulled-images-stay",
  description: "Others use a pulled image, too; it is not removed with the stack.",
  check: ({ type, props }) =>
    type === PULLED_IMAGE && props["keepLocally"] !== true ? ["keepLocally is missing"] : [],
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
  check: forContainers((props) => {
    const { drops, adds } = record(props["capabilities"]);
    const security = list(props["securityOpts"]).map(text);
    return [
      props["privileged"] === true && "it is privileged",
      !list(drops).includes("ALL") && "capabilities are not dropped",
      list(adds).length > 0 && "capabilities are added",
      !security.some(forbidsPrivileges) && "no-new-privileges is missing",
      ...security
        .filter((option) => !forbidsPrivileges(option))
        .map((option) => `security option ${option} is not no-new-privileges`),
      props["readOnly"] !== true && "the root file system can be written",
      // A name is looked up in the image, where it may be root's.
      !/^[1-9]\d*(:[1-9]\d*)?$/.test(text(props["user"])) &&
        "it may run as root; set user to the numbers of another",
      ["pidMode", "ipcMode", "usernsMode"].some((key) => props[key] === "host") &&
        "it shares a namespace with the host",
      list(props["devices"]).length > 0 && "it has devices of the host",
      ...hostPaths(props).map((path) => `it mounts ${path} of the host`),
    ];
  }),
};

function forbidsPrivileges(option: string): boolean {
  return /^no-new-privileges([:=]true)?$/.test(option);
}

/** Folders and files of the host among a container's volumes and mounts. */
function hostPaths(props: PolicyResource["props"]): string[] {
  const volumes = list(props["volumes"])
    .map(record)
    .map(({ hostPath, volumeName }) => text(hostPath) || text(volumeName))
    .filter((source) => /[\\/]|^[.~]/.test(source));
  const mounts = list(props["mounts"])
    .map(record)
    .filter(({ type }) => type !== "volume" && type !== "tmpfs")
    .map(({ source }) => text(source));
  return [...volumes, ...mounts];
}

const noWeakAuthentication: Rule = {
  name: "no-weak-authentication",
  description: "No rule of a rendered pg_hba.conf says trust, password, md5 or ident.",
  check: ({ props }) =>
    hbaFiles(props)
      .flatMap(weakLines)
      .map((line) => `pg_hba.conf has "${line.trim()}"`),
};

/** All rules. Each is a plain function of one resource. */
export const rules: readonly Rule[] = [
  portsNeedAddress,
  noSecrets,
  pinnedImages,
  baseStays,
  cleanStop,
  limits,
  noRights,
  noWeakAuthentication,
];
