CREATE TABLE "channels" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "channels_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"user_id" integer NOT NULL,
	"slug" varchar(64) NOT NULL,
	"title" varchar(200) NOT NULL,
	"description" text,
	"thumbnail_url" varchar(500),
	"stream_key" varchar(255) NOT NULL,
	"visibility" varchar(20) DEFAULT 'public' NOT NULL,
	"is_live" boolean DEFAULT false NOT NULL,
	"viewers_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channels_slug_unique" UNIQUE("slug"),
	CONSTRAINT "channels_stream_key_unique" UNIQUE("stream_key"),
	CONSTRAINT "channels_slug_check" CHECK ("channels"."slug" ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
	CONSTRAINT "channels_visibility_check" CHECK ("channels"."visibility" in ('public', 'unlisted', 'private')),
	CONSTRAINT "channels_viewers_count_check" CHECK ("channels"."viewers_count" >= 0),
	CONSTRAINT "channels_stream_key_check" CHECK ("channels"."stream_key" <> '' and "channels"."stream_key" <> "channels"."slug")
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"slug" varchar(64) NOT NULL,
	"locale" varchar(10) NOT NULL,
	"title" varchar(200) NOT NULL,
	"body" text NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "documents_pkey" PRIMARY KEY("slug","locale"),
	CONSTRAINT "documents_slug_check" CHECK ("documents"."slug" ~ '^[a-z0-9][a-z0-9-]*$'),
	CONSTRAINT "documents_locale_check" CHECK ("documents"."locale" ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$')
);
--> statement-breakpoint
CREATE TABLE "statistics" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "statistics_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"channel_id" integer NOT NULL,
	"date" varchar(10) NOT NULL,
	"total_views" integer DEFAULT 0 NOT NULL,
	"unique_viewers" integer DEFAULT 0 NOT NULL,
	"avg_watch_time" double precision DEFAULT 0 NOT NULL,
	CONSTRAINT "statistics_channel_date_unique" UNIQUE("channel_id","date"),
	CONSTRAINT "statistics_date_check" CHECK ("statistics"."date" ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
	CONSTRAINT "statistics_counters_check" CHECK ("statistics"."total_views" >= 0 and "statistics"."unique_viewers" >= 0 and "statistics"."avg_watch_time" >= 0)
);
--> statement-breakpoint
CREATE TABLE "stream_views" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "stream_views_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"stream_id" integer NOT NULL,
	"user_id" integer,
	"session_id" varchar(255) NOT NULL,
	"watch_duration" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "stream_views_session_id_unique" UNIQUE("session_id"),
	CONSTRAINT "stream_views_watch_duration_check" CHECK ("stream_views"."watch_duration" >= 0),
	CONSTRAINT "stream_views_ended_check" CHECK ("stream_views"."ended_at" >= "stream_views"."started_at")
);
--> statement-breakpoint
CREATE TABLE "streams" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "streams_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"channel_id" integer NOT NULL,
	"title" varchar(200) NOT NULL,
	"description" text,
	"thumbnail_url" varchar(500),
	"cover_image_url" varchar(500),
	"duration" integer,
	"scheduled_for" timestamp (3) with time zone,
	"armed_at" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"is_live" boolean DEFAULT false NOT NULL,
	"is_archived" boolean DEFAULT false NOT NULL,
	"view_count" integer DEFAULT 0 NOT NULL,
	"ingest_node" varchar(100),
	"heartbeat_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "streams_duration_check" CHECK ("streams"."duration" >= 0),
	CONSTRAINT "streams_view_count_check" CHECK ("streams"."view_count" >= 0),
	CONSTRAINT "streams_ended_check" CHECK ("streams"."ended_at" >= "streams"."started_at"),
	CONSTRAINT "streams_live_check" CHECK (not "streams"."is_live" or ("streams"."started_at" is not null and "streams"."ended_at" is null))
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "users_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"username" varchar(50) NOT NULL,
	"email" varchar(100) NOT NULL,
	"hashed_password" varchar(255) NOT NULL,
	"full_name" varchar(100),
	"avatar_url" varchar(500),
	"bio" text,
	"role" varchar(20) DEFAULT 'user' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_role_check" CHECK ("users"."role" in ('user', 'moderator', 'admin')),
	CONSTRAINT "users_username_check" CHECK ("users"."username" <> ''),
	CONSTRAINT "users_email_check" CHECK ("users"."email" <> '')
);
--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "channels_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statistics" ADD CONSTRAINT "statistics_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stream_views" ADD CONSTRAINT "stream_views_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stream_views" ADD CONSTRAINT "stream_views_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "streams" ADD CONSTRAINT "streams_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "channels_user_id_index" ON "channels" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "channels_public_index" ON "channels" USING btree ("id" DESC NULLS FIRST) WHERE "channels"."visibility" = 'public';--> statement-breakpoint
CREATE INDEX "stream_views_stream_started_index" ON "stream_views" USING btree ("stream_id","started_at");--> statement-breakpoint
CREATE INDEX "stream_views_user_id_index" ON "stream_views" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "streams_one_live_per_channel" ON "streams" USING btree ("channel_id") WHERE "streams"."is_live";--> statement-breakpoint
CREATE INDEX "streams_live_index" ON "streams" USING btree ("started_at" DESC NULLS FIRST,"id" DESC NULLS FIRST) WHERE "streams"."is_live";--> statement-breakpoint
CREATE INDEX "streams_started_index" ON "streams" USING btree ("started_at" DESC NULLS FIRST,"id" DESC NULLS FIRST) WHERE "streams"."started_at" is not null;--> statement-breakpoint
CREATE INDEX "streams_channel_started_index" ON "streams" USING btree ("channel_id","started_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "streams_ingest_node_index" ON "streams" USING btree ("ingest_node") WHERE "streams"."is_live";--> statement-breakpoint
CREATE UNIQUE INDEX "users_username_unique" ON "users" USING btree (lower("username"));--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_unique" ON "users" USING btree (lower("email"));