/** Paths inside a node's container. The image's scripts know the same ones. */

/** Mount point of the data volume. The database is a folder below it, since a mount point cannot be renamed away. */
export const DATA_MOUNT = "/var/lib/postgresql";
export const DATA_DIRECTORY = `${DATA_MOUNT}/data`;
/** Mount point of the config volume: everything that can change without a new container. */
export const CONFIG_MOUNT = "/etc/sav3";
export const SOCKET_DIRECTORY = "/run/postgresql";
/** Port inside the container; only the published port is the user's choice. */
export const CONTAINER_PORT = 5432;

/** Path of a file in the config volume. */
export function configPath(file: string): string {
  return `${CONFIG_MOUNT}/${file}`;
}
