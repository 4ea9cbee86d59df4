import type Docker from "dockerode";
import { lastLines, putFiles } from "./container";

// Dynamic providers carry these functions along in the state: plain functions and packages only.

/** Where the config volume is mounted, and the file by which entrypoints know that it is complete. */
const volume = { folder: "/etc/sav3", marker: "ready" };

/** True when no files were ever written: whatever runs in the container waits for them. */
async function isFresh(container: Docker.Container): Promise<boolean> {
  return container.infoArchive({ path: `${volume.folder}/${volume.marker}` }).then(
    () => false,
    (error: unknown) => {
      const status =
        typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : 0;
      if (status === 404) {
        return true;
      }
      throw error;
    },
  );
}

/**
 * Writes all files of a container's config volume.
 *
 * @param version what the marker says; any text
 * @returns whether they are the first ones, so that nothing can have read others
 */
export async function writeConfig(
  container: Docker.Container,
  files: Readonly<Record<string, string>>,
  version: string,
): Promise<boolean> {
  const fresh = await isFresh(container);
  await putFiles(container, volume.folder, { ...files, [volume.marker]: `${version}\n` });
  return fresh;
}

/**
 * Bounds a container's processes (CIS Docker 5.29). @pulumi/docker 5.2 has no input for it, and the released plugin
 * reads none back, so that it is no difference either; the engine keeps it over restarts.
 */
export async function limitProcesses(container: Docker.Container, limit: number): Promise<void> {
  const { HostConfig } = await container.inspect();
  if (HostConfig.PidsLimit !== limit) {
    await container.update({ PidsLimit: limit });
  }
}

/** What went wrong with a container's files, with its last log lines and, where it is gone, the way back. */
export async function configFailure(
  name: string,
  container: Docker.Container,
  error: unknown,
): Promise<Error> {
  const text = error instanceof Error ? error.message : String(error);
  if (/no such container/i.test(text)) {
    return new Error(`${name}: its container is gone; next: npm run up -- --refresh`, {
      cause: error,
    });
  }
  const lines = await lastLines(container, 8);
  const log = lines.length > 0 ? `\nlast log lines of ${name}:\n  ${lines.join("\n  ")}` : "";
  return new Error(`${text.startsWith(name) ? "" : `${name}: `}${text}${log}`, { cause: error });
}
