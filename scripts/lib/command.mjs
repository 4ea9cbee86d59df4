// The frame of a command: its result is the exit code, its fault one sentence on standard error.

/** @param {(args: string[]) => Promise<number>} body */
export async function command(body) {
  try {
    process.exitCode = await body(process.argv.slice(2));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
