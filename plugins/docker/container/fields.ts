import {
  type Fields,
  atLeast,
  bool,
  int,
  labels,
  list,
  map,
  matching,
  object,
  set,
  text,
} from "../../lib/schema";

const forceNew = true;
const unsupported = true;

const duration = text({
  default: "0s",
  check: matching(/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$|^0$/, 'a duration such as "1m30s"'),
});

const uploadFields: Fields = {
  content: text({ forceNew }),
  contentBase64: text({ forceNew, check: matching(/^[A-Za-z0-9+/]*={0,2}$/, "base64") }),
  executable: bool({ forceNew, default: false }),
  file: text({ forceNew, required: true }),
  permissions: text({ forceNew, check: matching(/^0[0-7]{3}$/, 'octal, such as "0640"') }),
  source: text({ forceNew }),
  sourceHash: text({ forceNew }),
};

const mountFields: Fields = {
  bindOptions: object({
    propagation: text({
      check: matching(
        /^(private|rprivate|shared|rshared|slave|rslave)$/,
        "a propagation of bind mounts",
      ),
    }),
  }),
  readOnly: bool(),
  source: text(),
  target: text({ required: true }),
  tmpfsOptions: object({ mode: int(), sizeBytes: int() }),
  type: text({ required: true, check: matching(/^(bind|volume|tmpfs)$/, "bind, volume or tmpfs") }),
  volumeOptions: object({
    driverName: text(),
    driverOptions: map(),
    labels: labels(),
    noCopy: bool(),
    subpath: text({ unsupported }),
  }),
};

const networkFields: Fields = {
  aliases: set({ forceNew }),
  driverOpts: set({ forceNew }),
  gwPriority: int({ forceNew, unsupported }),
  ipv4Address: text({ forceNew }),
  ipv6Address: text({ forceNew }),
  linkLocalIps: set({ forceNew }),
  macAddress: text({ forceNew }),
  name: text({ forceNew, required: true }),
};

const volumeFields: Fields = {
  containerPath: text({ forceNew }),
  fromContainer: text({ forceNew }),
  hostPath: text({ forceNew, check: matching(/^(\/|[A-Za-z]:\\)/, "an absolute path") }),
  readOnly: bool({ forceNew }),
  selinuxRelabel: text({ forceNew, check: matching(/^[zZ]$/, "z or Z") }),
  volumeName: text({ forceNew }),
};

const networkDataFields: Fields = {
  gateway: text(),
  globalIpv6Address: text(),
  globalIpv6PrefixLength: int(),
  ipAddress: text(),
  ipPrefixLength: int(),
  ipv6Gateway: text(),
  macAddress: text(),
  networkName: text(),
};

const throttle = set({
  fields: { path: text({ required: true }), rate: int({ required: true }) },
  unsupported,
});

/** `docker.Container`. */
export const containerFields: Fields = {
  attach: bool({ default: false }),
  bridge: text({ computed: true, outputOnly: true }),
  capabilities: object({ adds: set({ forceNew }), drops: set({ forceNew }) }, { forceNew }),
  cgroupParent: text({ forceNew }),
  cgroupnsMode: text({ forceNew, check: matching(/^(private|host)$/, "private or host") }),
  command: list({ forceNew, computed: true }),
  containerLogs: text({ computed: true, outputOnly: true }),
  containerReadRefreshTimeoutMilliseconds: int({ default: 15000 }),
  cpuPeriod: int({ check: atLeast(0) }),
  cpuQuota: int({ check: atLeast(0) }),
  cpuSet: text({ check: matching(/^\d+([,-]\d+)*$/, 'a set of CPUs such as "0-2"') }),
  cpuShares: int({ check: atLeast(0) }),
  cpus: text({ forceNew, check: matching(/^\d*\.?\d+$/, 'a number of CPUs such as "1.5"') }),
  destroyGraceSeconds: int(),
  deviceReadBps: throttle,
  deviceReadIops: throttle,
  deviceRequests: set({ fields: {}, forceNew, unsupported }),
  deviceWriteBps: throttle,
  deviceWriteIops: throttle,
  devices: set({ fields: {}, forceNew, unsupported }),
  dns: set({ forceNew }),
  dnsOpts: set({ forceNew }),
  dnsSearches: set({ forceNew }),
  domainname: text({ forceNew }),
  entrypoints: list({ forceNew, computed: true }),
  envs: set({ forceNew, computed: true }),
  exitCode: int({ computed: true, outputOnly: true }),
  gpus: text({ forceNew, unsupported }),
  groupAdds: set({ forceNew }),
  healthcheck: object(
    {
      interval: duration,
      retries: int({ default: 0, check: atLeast(0) }),
      startInterval: duration,
      startPeriod: duration,
      tests: list(),
      timeout: duration,
    },
    { computed: true },
  ),
  hostname: text({ forceNew, computed: true }),
  hosts: set({
    fields: { host: text({ forceNew, required: true }), ip: text({ forceNew, required: true }) },
    forceNew,
  }),
  image: text({ forceNew, required: true }),
  init: bool({ computed: true }),
  ipcMode: text({ forceNew, computed: true }),
  labels: labels({ forceNew, computed: true }),
  logDriver: text({ forceNew, computed: true }),
  logOpts: map({ forceNew }),
  logs: bool({ default: false }),
  maxRetryCount: int(),
  memory: int({ check: atLeast(0) }),
  memoryReservation: int({ default: 0, check: atLeast(0) }),
  memorySwap: int({ check: atLeast(-1) }),
  mounts: set({ fields: mountFields, forceNew }),
  mustRun: bool({ default: true }),
  name: text({ forceNew, required: true }),
  networkDatas: list({ fields: networkDataFields, computed: true, outputOnly: true }),
  networkMode: text({ forceNew, default: "bridge" }),
  networksAdvanced: set({ fields: networkFields, forceNew }),
  pidMode: text({ forceNew }),
  platform: text({ forceNew, computed: true }),
  ports: list({
    fields: {
      external: int({ forceNew, computed: true }),
      internal: int({ forceNew, required: true }),
      ip: text({ forceNew, default: "0.0.0.0" }),
      protocol: text({ forceNew, default: "tcp" }),
    },
    forceNew,
  }),
  privileged: bool({ forceNew }),
  publishAllPorts: bool({ forceNew }),
  readOnly: bool({ forceNew, default: false }),
  removeVolumes: bool({ default: true }),
  restart: text({
    default: "no",
    check: matching(
      /^(no|on-failure|always|unless-stopped)$/,
      "no, on-failure, always or unless-stopped",
    ),
  }),
  rm: bool({ default: false }),
  runtime: text({ forceNew, computed: true }),
  securityOpts: set({ forceNew, computed: true }),
  shmSize: int({ forceNew, computed: true, check: atLeast(0) }),
  start: bool({ default: true }),
  stdinOpen: bool({ forceNew, default: false }),
  stopSignal: text({ forceNew, computed: true }),
  stopTimeout: int({ forceNew, computed: true }),
  storageOpts: map({ forceNew }),
  sysctls: map({ forceNew }),
  tmpfs: map(),
  tty: bool({ forceNew, default: false }),
  ulimits: set({
    fields: {
      hard: int({ forceNew, required: true }),
      name: text({ forceNew, required: true }),
      soft: int({ forceNew, required: true }),
    },
    forceNew,
  }),
  uploads: set({ fields: uploadFields, forceNew }),
  user: text({ forceNew, emptyKeeps: true }),
  usernsMode: text({ forceNew }),
  volumes: set({ fields: volumeFields, forceNew }),
  wait: bool({ default: false }),
  waitTimeout: int({ default: 60 }),
  workingDir: text({ forceNew, emptyKeeps: true }),
};
