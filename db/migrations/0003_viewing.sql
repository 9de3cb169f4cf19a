CREATE TABLE "rollups" (
	"name" varchar(50) PRIMARY KEY NOT NULL,
	"open_from" varchar(10) NOT NULL,
	CONSTRAINT "rollups_open_from_check" CHECK ("rollups"."open_from" ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')
);
--> statement-breakpoint
DROP INDEX "stream_views_open_index";--> statement-breakpoint
ALTER TABLE "stream_views" ADD COLUMN "minutes" "int4multirange" DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE INDEX "stream_views_started_index" ON "stream_views" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "stream_views_visitor_index" ON "stream_views" USING btree ("visitor","stream_id");--> statement-breakpoint
CREATE INDEX "stream_views_open_index" ON "stream_views" USING btree ("id") WHERE "stream_views"."ended_at" is null;--> statement-breakpoint
-- Room on each page for the next version of its rows: heartbeats rewrite them.
ALTER TABLE "stream_views" SET (fillfactor = 70);
