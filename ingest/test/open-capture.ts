/** A recorded publishing session: what the encoder sent, and in which pieces it came. */
export interface Capture {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly pieces: readonly Uint8Array[];
}

export async function openCapture(name: "obs" | "librtmp"): Promise<Capture> {
  const folder = `${import.meta.dir}/fixtures`;
  const bytes = await Bun.file(`${folder}/${name}.bin`).bytes();
  const { sha256, chunks } = (await Bun.file(`${folder}/${name}.json`).json()) as {
    sha256: string;
    /** Milliseconds since accept, length, server bytes seen before. */
    chunks: [number, number, number][];
  };
  let at = 0;
  const pieces = chunks.map(([, length]) => {
    at += length;
    return bytes.slice(at - length, at);
  });
  return { bytes, sha256, pieces };
}
