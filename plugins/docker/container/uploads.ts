import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { type Properties, asText, given } from "../../lib/values";

/** The files to put into a new container as one archive for its root folder. */
export async function uploadArchive(uploads: readonly Properties[]): Promise<Buffer> {
  const archive = pack();
  for (const upload of uploads) {
    const mode = given(upload["permissions"]) ?? (upload["executable"] === true ? "0744" : "0644");
    archive.entry(
      { name: asText(upload["file"]), mode: parseInt(mode, 8), mtime: new Date() },
      await content(upload),
    );
  }
  archive.finalize();
  return buffer(archive);
}

async function content(upload: Properties): Promise<Buffer> {
  const sources = ["content", "contentBase64", "source"].filter(
    (name) => given(upload[name]) !== undefined,
  );
  const [source, second] = sources;
  if (source === undefined) {
    throw new Error(
      "error with upload content: one of 'content', 'content_base64', or 'source' must be set",
    );
  }
  if (second !== undefined) {
    throw new Error(
      "error with upload content: only one of 'content', 'content_base64', or 'source' can be set",
    );
  }
  const value = asText(upload[source]);
  if (source === "content") return Buffer.from(value);
  return source === "source" ? readFile(value) : Buffer.from(value, "base64");
}
