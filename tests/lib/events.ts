import { must } from "./command";

/** One end of a container's life, as the engine recorded it. */
export interface Death {
  readonly container: string;
  readonly exitCode: number;
  readonly at: number;
}

interface Event {
  readonly timeNano: number;
  readonly Action: string;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** Every stop of a stack's containers since a moment (milliseconds since 1970), oldest first. */
export async function deaths(stack: string, since: number): Promise<Death[]> {
  const { stdout } = await must("docker", [
    ...["events", "--since", (since / 1000).toFixed(3), "--until", (Date.now() / 1000).toFixed(3)],
    ...["--filter", `label=sav3.stack=${stack}`, "--filter", "event=die"],
    ...["--format", "{{json .}}"],
  ]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event)
    .map(({ timeNano, Actor: { Attributes } }) => ({
      container: Attributes["name"] ?? "",
      exitCode: Number(Attributes["exitCode"]),
      at: timeNano / 1e6,
    }));
}
