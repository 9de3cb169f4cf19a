/** What the public part of the API reads: a port that db's queries satisfy. Private channels never come out of it, and no stream key does. */
import type { Page } from "./paging.ts";

export interface ChannelRow {
  id: number;
  slug: string;
  title: string;
  description: string | null;
  thumbnailUrl: string | null;
  isLive: boolean;
  viewersCount: number;
  createdAt: Date;
  updatedAt: Date;
}
export interface StreamRow {
  id: number;
  channelId: number;
  title: string;
  description: string | null;
  thumbnailUrl: string | null;
  coverImageUrl: string | null;
  duration: number | null;
  scheduledFor: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  isLive: boolean;
  isArchived: boolean;
  viewCount: number;
  createdAt: Date;
  updatedAt: Date;
  channel: { id: number; slug: string; title: string };
}
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}
export interface PlatformReads {
  listStreams(request: PageRequest & { live?: boolean; channelId?: number }): Promise<Page<StreamRow>>;
  getStream(id: number): Promise<StreamRow | null>;
  listChannels(request: PageRequest): Promise<Page<ChannelRow>>;
  getChannel(id: number): Promise<ChannelRow | null>;
  getChannelBySlug(slug: string): Promise<ChannelRow | null>;
}
