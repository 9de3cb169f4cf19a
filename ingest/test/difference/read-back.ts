/** What ffprobe, which shares no line with us, reads in a file of ours. */
export interface ReadPacket {
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly size: string;
  readonly flags: string;
  readonly data_hash: string;
}

export interface ReadBack {
  readonly stream: Readonly<Record<string, unknown>>;
  readonly packets: readonly ReadPacket[];
  /** What it found wrong. */
  readonly complaints: string;
}

const STREAM =
  "codec_name,profile,codec_tag_string,width,height,pix_fmt,level,sample_rate,channels,time_base,extradata_hash";

export async function readBack(file: Uint8Array): Promise<ReadBack> {
  const child = Bun.spawn(
    [
      ...["ffprobe", "-v", "error", "-of", "json", "-show_data_hash", "crc32"],
      ...["-show_entries", `stream=${STREAM}:packet=pts,dts,duration,size,flags,data_hash`, "pipe:0"],
    ],
    { stdin: file, stdout: "pipe", stderr: "pipe", timeout: 30_000 },
  );
  const [text, complaints] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`ffprobe can't read it: ${complaints}`);
  const { streams = [], packets = [] } = JSON.parse(text) as { streams?: ReadBack["stream"][]; packets?: ReadPacket[] };
  return { stream: streams[0] ?? {}, packets, complaints };
}
