/** Messages to webhooks, written in the transaction of what they tell of: either both are there or neither. */
import { eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import type { WebhookRow } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { recordings } from "../schema/recordings.ts";
import { streams } from "../schema/streams.ts";
import { WEBHOOK_TEST, webhookDeliveries, webhooks } from "../schema/webhooks.ts";

export type WebhookEvent = WebhookRow["events"][number];

/** ISO 8601 in UTC, to the millisecond. */
const written = (time: SQL) => sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const messageId = sql`'msg_' || replace(gen_random_uuid()::text, '-', '')`;

const envelope = (type: string, data: SQL) =>
  sql`json_build_object('type', ${type}::text, 'timestamp', ${written(sql`clock_timestamp()`)}, 'data', ${data})::text`;

const streamData = sql`json_build_object(
  'stream', json_build_object(
    'id', ${streams.id},
    'title', ${streams.title},
    'description', ${streams.description},
    'coverImageUrl', ${streams.coverImageUrl},
    'scheduledFor', ${written(sql`${streams.scheduledFor}`)},
    'startedAt', ${written(sql`${streams.startedAt}`)},
    'endedAt', ${written(sql`${streams.endedAt}`)},
    'duration', ${streams.duration},
    'isLive', ${streams.isLive},
    'isArchived', ${streams.isArchived}
  ),
  'channel', json_build_object(
    'id', ${channels.id},
    'slug', ${channels.slug},
    'title', ${channels.title},
    'visibility', ${channels.visibility}
  ),
  'recording', case when ${recordings.streamId} is not null then json_build_object(
    'state', ${recordings.state},
    'duration', ${recordings.duration},
    'size', ${recordings.size}
  ) end
)`;

/**
 * Inside a transaction: a message about each of the streams that match, for every active webhook of their channel's owner that asks for it. One
 * statement, which finds nothing where there are no webhooks. A webhook that is being deleted is passed over.
 */
export async function announce(tx: Database, event: WebhookEvent, which: SQL): Promise<void> {
  await tx.execute(sql`
    insert into ${webhookDeliveries} (webhook_id, message_id, type, body)
    select ${webhooks.id}, ${messageId}, ${event}, ${envelope(event, streamData)}
    from ${streams}
    join ${channels} on ${channels.id} = ${streams.channelId}
    join ${webhooks} on ${webhooks.userId} = ${channels.userId} and ${webhooks.isActive} and ${event} = any(${webhooks.events})
    left join ${recordings} on ${recordings.streamId} = ${streams.id}
    where ${which}
    order by ${streams.id}, ${webhooks.id}
    for key share of ${webhooks}`);
}

export const announceStream = (tx: Database, event: WebhookEvent, streamId: number): Promise<void> =>
  announce(tx, event, eq(streams.id, streamId));

/** Before they go: of streams with a recording, that it is deleted. */
export const announceDeletedRecordings = (tx: Database, which: SQL): Promise<void> =>
  announce(tx, "recording.deleted", sql`${which} and ${recordings.streamId} is not null`);

/** A message that tells of nothing, to one webhook. Its delivery's id; null: the webhook is gone. */
export async function writeTestMessage(tx: Database, webhookId: number): Promise<number | null> {
  const data = sql`json_build_object('webhookId', ${webhooks.id})`;
  const [row] = await tx.execute<{ id: number }>(sql`
    insert into ${webhookDeliveries} (webhook_id, message_id, type, body)
    select ${webhooks.id}, ${messageId}, ${WEBHOOK_TEST}, ${envelope(WEBHOOK_TEST, data)}
    from ${webhooks}
    where ${webhooks.id} = ${webhookId}
    for key share
    returning id`);
  return row?.id ?? null;
}
