-- Trusted since PostgreSQL 13: the owner of the database may create it. Typing errors in a search are found through it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
CREATE TABLE "document_acceptances" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "document_acceptances_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"user_id" integer NOT NULL,
	"version_id" integer NOT NULL,
	"accepted_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "document_acceptances_unique" UNIQUE("user_id","version_id")
);
--> statement-breakpoint
CREATE TABLE "document_versions" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "document_versions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"slug" varchar(64) NOT NULL,
	"locale" varchar(10) NOT NULL,
	"version" integer NOT NULL,
	"title" varchar(200) NOT NULL,
	"body" text NOT NULL,
	"edited_by" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "document_versions_unique" UNIQUE("slug","locale","version")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"user_id" integer NOT NULL,
	"key" varchar(255) NOT NULL,
	"fingerprint" varchar(64) NOT NULL,
	"status" integer,
	"body" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY("user_id","key")
);
--> statement-breakpoint
CREATE TABLE "refresh_tokens" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "refresh_tokens_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"session_id" integer NOT NULL,
	"token_hash" varchar(64) NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"used_at" timestamp (3) with time zone,
	CONSTRAINT "refresh_tokens_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sessions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"user_id" integer NOT NULL,
	"user_agent" varchar(300) DEFAULT '' NOT NULL,
	"address" varchar(45) DEFAULT '' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"revoked_for" varchar(30)
);
--> statement-breakpoint
CREATE TABLE "stream_minutes" (
	"stream_id" integer NOT NULL,
	"minute" integer NOT NULL,
	"viewers" integer DEFAULT 0 NOT NULL,
	"watched" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "stream_minutes_pkey" PRIMARY KEY("stream_id","minute"),
	CONSTRAINT "stream_minutes_counters_check" CHECK ("stream_minutes"."minute" >= 0 and "stream_minutes"."viewers" >= 0 and "stream_minutes"."watched" >= 0)
);
--> statement-breakpoint
ALTER TABLE "statistics" DROP CONSTRAINT "statistics_counters_check";--> statement-breakpoint
ALTER TABLE "streams" DROP CONSTRAINT "streams_view_count_check";--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "stream_key_sealed" varchar(255);--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "stream_key_used_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "stream_key_used_from" varchar(45);--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "publish_blocked_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (setweight(to_tsvector('english', "title"), 'A') || setweight(to_tsvector('english', coalesce("description", '')), 'B') || setweight(to_tsvector('russian', "title"), 'A') || setweight(to_tsvector('russian', coalesce("description", '')), 'B')) STORED;--> statement-breakpoint
ALTER TABLE "documents" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "statistics" ADD COLUMN "watch_time" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "statistics" ADD COLUMN "peak_viewers" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stream_views" ADD COLUMN "heartbeat_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "stream_views" ADD COLUMN "visitor" varchar(64) DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "stream_views" ADD COLUMN "device" varchar(20) DEFAULT 'other' NOT NULL;--> statement-breakpoint
ALTER TABLE "stream_views" ADD COLUMN "referrer" varchar(255) DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "streams" ADD COLUMN "peak_viewers" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "streams" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (setweight(to_tsvector('english', "title"), 'A') || setweight(to_tsvector('english', coalesce("description", '')), 'B') || setweight(to_tsvector('russian', "title"), 'A') || setweight(to_tsvector('russian', coalesce("description", '')), 'B')) STORED;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "deleted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "document_acceptances" ADD CONSTRAINT "document_acceptances_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_acceptances" ADD CONSTRAINT "document_acceptances_version_id_document_versions_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."document_versions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_versions" ADD CONSTRAINT "document_versions_edited_by_users_id_fk" FOREIGN KEY ("edited_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_versions" ADD CONSTRAINT "document_versions_document_fk" FOREIGN KEY ("slug","locale") REFERENCES "public"."documents"("slug","locale") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stream_minutes" ADD CONSTRAINT "stream_minutes_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "document_acceptances_version_id_index" ON "document_acceptances" USING btree ("version_id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created_at_index" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "refresh_tokens_session_id_index" ON "refresh_tokens" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "sessions_user_id_index" ON "sessions" USING btree ("user_id") WHERE "sessions"."revoked_at" is null;--> statement-breakpoint
CREATE INDEX "sessions_expires_at_index" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "channels_search_index" ON "channels" USING gin ("search");--> statement-breakpoint
CREATE INDEX "channels_title_trigram_index" ON "channels" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "stream_views_open_index" ON "stream_views" USING btree ("heartbeat_at") WHERE "stream_views"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "streams_search_index" ON "streams" USING gin ("search");--> statement-breakpoint
CREATE INDEX "streams_title_trigram_index" ON "streams" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
ALTER TABLE "statistics" ADD CONSTRAINT "statistics_counters_check" CHECK ("statistics"."total_views" >= 0 and "statistics"."unique_viewers" >= 0 and "statistics"."avg_watch_time" >= 0
        and "statistics"."watch_time" >= 0 and "statistics"."peak_viewers" >= 0);--> statement-breakpoint
ALTER TABLE "stream_views" ADD CONSTRAINT "stream_views_device_check" CHECK ("stream_views"."device" in ('desktop', 'mobile', 'tablet', 'tv', 'other'));--> statement-breakpoint
ALTER TABLE "streams" ADD CONSTRAINT "streams_view_count_check" CHECK ("streams"."view_count" >= 0 and "streams"."peak_viewers" >= 0);