import type Docker from "dockerode";
import { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

// Dynamic providers carry these functions along in the state: plain functions and packages only.

/** Owner of everything in the config volume: the image's user postgres. */
const owner = { uid: 999, gid: 999 };

/** What a command in a container said. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Splits the engine's multiplexed bytes: frames of one stream byte, three zeros, a length, a body.
 *
 * @returns the complete frames' bodies by stream, and the bytes of a frame that is not complete yet
 */
export function splitFrames(bytes: Buffer): { stdout: Buffer; stderr: Buffer; rest: Buffer } {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    if (end > bytes.length) {
      break;
    }
    (bytes[at] === 2 ? err : out).push(bytes.subarray(at + 8, end));
    at = end;
  }
  return { stdout: Buffer.concat(out), stderr: Buffer.concat(err), rest: bytes.subarray(at) };
}

/**
 * Runs a command in a running container, as the container's own user.
 *
 * @throws when the container is not running, or after `timeoutSeconds` (the command itself goes on)
 */
export async function execIn(
  container: Docker.Container,
  command: string[],
  timeoutSeconds: number,
): Promise<ExecResult> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const timer = setTimeout(() => {
    stream.destroy(new Error(`${command[0] ?? ""} did not end within ${timeoutSeconds} s`));
  }, timeoutSeconds * 1000);
  try {
    const { stdout, stderr } = splitFrames(await buffer(stream));
    const { ExitCode } = await exec.inspect();
    return { exitCode: ExitCode ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Writes files into a folder of a container, running or not, readable by the server's user only.
 *
 * @param files content by name relative to the folder; written in this order, `init/a.sql` makes `init`
 */
export async function putFiles(
  container: Docker.Container,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const archive = pack();
  const folders = new Set(Object.keys(files).flatMap((name) => name.split("/").slice(0, -1)));
  for (const name of folders) {
    archive.entry({ name, type: "directory", mode: 0o700, ...owner });
  }
  for (const [name, content] of Object.entries(files)) {
    archive.entry({ name, mode: 0o600, ...owner }, content);
  }
  archive.finalize();
  await container.putArchive(await buffer(archive), { path: folder });
}

/**
 * The last lines a container wrote, oldest first; none when the engine cannot give them.
 *
 * @param since milliseconds since 1970; older lines are left out
 */
export async function lastLines(
  container: Docker.Container,
  lines: number,
  since = 0,
): Promise<string[]> {
  const bytes = await container
    .logs({ stdout: true, stderr: true, tail: lines, since: since / 1000 })
    .catch(() => Buffer.alloc(0));
  let text = "";
  // In the order written, whichever stream a line came through.
  for (let rest = bytes; rest.length >= 8;) {
    const end = 8 + rest.readUInt32BE(4);
    text += rest.subarray(8, end).toString();
    rest = rest.subarray(end);
  }
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-lines);
}

/**
 * A byte stream to a TCP port inside a container, carried by the engine.
 *
 * For engines whose published ports are not reachable from here. Needs `socat` in the image.
 */
export async function portStream(container: Docker.Container, port: number): Promise<Duplex> {
  const exec = await container.exec({
    Cmd: ["socat", "-", `TCP:127.0.0.1:${port}`],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const raw = await exec.start({ hijack: true, stdin: true });
  let waiting = Buffer.alloc(0);
  const stream = new Duplex({
    // Like a socket: the other side's end closes it, which is what pg listens for.
    allowHalfOpen: false,
    read() {
      raw.resume();
    },
    write(chunk: Buffer, _encoding, done) {
      raw.write(chunk, done);
    },
    final(done) {
      raw.end(done);
    },
    destroy(error, done) {
      raw.destroy();
      done(error);
    },
  });
  raw.on("data", (chunk: Buffer) => {
    const { stdout, rest } = splitFrames(Buffer.concat([waiting, chunk]));
    waiting = Buffer.from(rest);
    if (stdout.length > 0 && !stream.push(stdout)) {
      raw.pause();
    }
  });
  raw.on("end", () => stream.push(null));
  raw.on("error", (error: Error) => stream.destroy(error));
  return stream;
}
