/** A stack line inside a package. */
const PACKAGE_LINE = /[\\/]node_modules[\\/]/;

/** The stack of an error without the lines inside packages. */
export function ownLines(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => !(/^\s+at /.test(line) && PACKAGE_LINE.test(line)))
    .join("\n");
}

/**
 * Takes packages' lines out of the stacks of errors that the program ends with, before Pulumi prints them. Its source
 * maps give lines such as `node_modules/@pulumi/resource.ts:1`, a scoped package without a folder below; colouring
 * one, Node 20's util.inspect goes round until a string is too long: a minute and 2 GB for each error
 * (markNodeModules in lib/internal/util/inspect.js; pulumi/pulumi#21326).
 */
export function keepErrorsPrintable(): void {
  const shorten = (error: unknown): void => {
    if (error instanceof Error && error.stack !== undefined) error.stack = ownLines(error.stack);
  };
  process.prependListener("unhandledRejection", shorten);
  process.prependListener("uncaughtException", shorten);
}
