CREATE TABLE "recordings" (
	"stream_id" integer PRIMARY KEY NOT NULL,
	"state" varchar(20) NOT NULL,
	"reason" varchar(40),
	"duration" integer,
	"size" bigint,
	"ingest_node" varchar(100),
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "recordings_state_check" CHECK ("recordings"."state" in ('recording', 'stopped', 'ready')),
	CONSTRAINT "recordings_numbers_check" CHECK ("recordings"."duration" >= 0 and "recordings"."size" >= 0)
);
--> statement-breakpoint
ALTER TABLE "recordings" ADD CONSTRAINT "recordings_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "recordings_unfinished_index" ON "recordings" USING btree ("stream_id") WHERE "recordings"."state" <> 'ready';