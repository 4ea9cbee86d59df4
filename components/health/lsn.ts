/** Bytes of WAL from one position such as `0/3000060` to another; 0 when it goes backwards or one is missing. */
export function lsnDistance(from: string, to: string): number {
  return from && to ? Math.max(0, position(to) - position(from)) : 0;
}

function position(lsn: string): number {
  const [high = "0", low = "0"] = lsn.split("/");
  return parseInt(high, 16) * 2 ** 32 + parseInt(low, 16);
}
