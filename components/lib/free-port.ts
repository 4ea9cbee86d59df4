import { createServer } from "node:net";

/**
 * Whether a port of this machine can be listened on right now. A port below 1024 that this user may not open, and an
 * address that this machine does not have (the engine may run in a virtual machine), say nothing: both count as free.
 */
export function canBind(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "EADDRINUSE");
    });
    server.listen({ host: address, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
