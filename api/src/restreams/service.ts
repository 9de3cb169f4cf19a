/** Other services that a channel's broadcasts are sent on to, as its owner manages them. */
import { queries, sendRestreamsChange } from "@streamhub/db";
import { isPublicHost } from "@streamhub/db/public-address";
import { readRtmpTarget } from "@streamhub/db/rtmp-address";
import type { Actor } from "../auth/guard.ts";
import { requireManagedChannel } from "../channels/service.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import type { Services } from "../services.ts";
import { lastSample, type RestreamStatus } from "../streams/sample.ts";
import type { RestreamBody, RestreamChangeBody } from "./model.ts";

const notFound = () => new AppError("restream.not-found");

const wrong = (field: "/url" | "/key", message: string) =>
  new AppError("request.invalid", undefined, [{ field, in: "body", message }]);

const OFF = { state: "off", since: null, fault: null, bytes: 0, droppedFrames: 0 } as const;

export function restreamService(services: Services) {
  const { db, bus, vault, restreamAnywhere = false } = services;

  /** A key of our own would send a broadcast round in a circle. */
  async function sealedKey(key: string): Promise<string> {
    if ((await queries.findChannelByKey(db, vault, key)) !== null)
      throw wrong("/key", "Expected the key of another service: this is a stream key of this one");
    return vault.seal(key);
  }

  /** The address without a key in it, and the sealed key. What the name leads to is looked at whenever it is connected to. */
  async function sealedTarget(url: string, key: string | undefined): Promise<{ url: string; keySealed: string }> {
    const target = readRtmpTarget(url, key);
    if (target === null)
      throw wrong(
        "/url",
        "Expected rtmp:// or rtmps://, a host and an application, and the stream key in `key` or behind the last /",
      );
    const { address } = target;
    if (!restreamAnywhere && !isPublicHost(address.host))
      throw wrong("/url", "The address is not on the public Internet.");
    return { url: address.tcUrl, keySealed: await sealedKey(target.key) };
  }

  /** Ingest asks the database for them anew where the channel is live. */
  async function changed(channelId: number): Promise<void> {
    const streamId = await queries.liveStreamOf(db, channelId);
    if (streamId !== null) await sendRestreamsChange(bus, streamId);
  }

  async function statusesOf(channelId: number): Promise<readonly RestreamStatus[]> {
    const streamId = await queries.liveStreamOf(db, channelId);
    const sample = streamId === null ? null : await lastSample(services, streamId);
    return sample?.restreams ?? [];
  }

  function present({ keySealed, ...row }: queries.OwnRestream, statuses: readonly RestreamStatus[]) {
    const { id, ...status } = statuses.find((each) => each.id === row.id) ?? { id: row.id, ...OFF };
    return { ...toJson(row), hasKey: vault.open(keySealed) !== null, status: row.isActive ? status : OFF };
  }

  return {
    async list(actor: Actor, channelId: number) {
      await requireManagedChannel(services, actor, channelId);
      const [rows, statuses] = await Promise.all([queries.listRestreams(db, channelId), statusesOf(channelId)]);
      return { items: rows.map((row) => present(row, statuses)) };
    },

    async create(actor: Actor, channelId: number, { name, url, key, isActive }: typeof RestreamBody.static) {
      await requireManagedChannel(services, actor, channelId);
      const row = { channelId, name, isActive, ...(await sealedTarget(url, key)) };
      const made = await queries.createRestream(db, row);
      if (made === null) throw new AppError("channel.not-found");
      if (made === "full") throw new AppError("restream.limit", `At most ${queries.MAX_RESTREAMS}.`);
      await changed(channelId);
      return present(made, []);
    },

    async update(actor: Actor, channelId: number, id: number, change: typeof RestreamChangeBody.static) {
      await requireManagedChannel(services, actor, channelId);
      const { url, key, ...rest } = change;
      const target =
        url !== undefined ? await sealedTarget(url, key) : key === undefined ? {} : { keySealed: await sealedKey(key) };
      const row = await queries.updateRestream(db, channelId, id, { ...rest, ...target });
      if (row === null) throw notFound();
      await changed(channelId);
      return present(row, await statusesOf(channelId));
    },

    async remove(actor: Actor, channelId: number, id: number): Promise<void> {
      await requireManagedChannel(services, actor, channelId);
      if (!(await queries.deleteRestream(db, channelId, id))) throw notFound();
      await changed(channelId);
    },

    /** What stands for a body in the memory of repeated requests: nothing there may tell the key, not even to who guesses it. */
    withoutKey: ({ name, url, key, isActive }: typeof RestreamBody.static) => ({
      name,
      url: vault.hash(url),
      key: key === undefined ? null : vault.hash(key),
      isActive,
    }),
  };
}
