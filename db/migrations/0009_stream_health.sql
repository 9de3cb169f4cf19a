CREATE TABLE "stream_health" (
	"stream_id" integer NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"bitrate_kbps" integer[] NOT NULL,
	"fps" real[] NOT NULL,
	"keyframe_seconds" real[] NOT NULL,
	"missing_frames" integer[] NOT NULL,
	"skew_ms" integer[] NOT NULL,
	"problems" jsonb NOT NULL,
	CONSTRAINT "stream_health_pkey" PRIMARY KEY("stream_id","minute")
);
--> statement-breakpoint
ALTER TABLE "stream_health" ADD CONSTRAINT "stream_health_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;