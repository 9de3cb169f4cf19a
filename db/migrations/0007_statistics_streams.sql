CREATE TABLE "statistics_streams" (
	"channel_id" integer NOT NULL,
	"date" varchar(10) NOT NULL,
	"stream_id" integer NOT NULL,
	"views" integer DEFAULT 0 NOT NULL,
	"watch_time" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "statistics_streams_pkey" PRIMARY KEY("channel_id","date","stream_id"),
	CONSTRAINT "statistics_streams_date_check" CHECK ("statistics_streams"."date" ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
	CONSTRAINT "statistics_streams_counters_check" CHECK ("statistics_streams"."views" >= 0 and "statistics_streams"."watch_time" >= 0)
);
--> statement-breakpoint
ALTER TABLE "statistics_streams" ADD CONSTRAINT "statistics_streams_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statistics_streams" ADD CONSTRAINT "statistics_streams_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "statistics_streams_stream_id_index" ON "statistics_streams" USING btree ("stream_id");--> statement-breakpoint
-- Days that were summed without it are summed again.
DELETE FROM "rollups" WHERE "name" = 'statistics';
