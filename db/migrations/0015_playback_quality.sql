CREATE TABLE "playback_quality" (
	"stream_id" integer NOT NULL,
	"player" varchar(20) NOT NULL,
	"reports" integer NOT NULL,
	"joins" integer[] NOT NULL,
	"latencies" integer[] NOT NULL,
	"played" bigint NOT NULL,
	"stalled" bigint NOT NULL,
	"stalls" integer NOT NULL,
	"switches" integer NOT NULL,
	"frames" bigint NOT NULL,
	"dropped" bigint NOT NULL,
	"errors" integer NOT NULL,
	CONSTRAINT "playback_quality_pkey" PRIMARY KEY("stream_id","player"),
	CONSTRAINT "playback_quality_player_check" CHECK ("playback_quality"."player" in ('hls', 'dash', 'frames', 'native'))
);
--> statement-breakpoint
ALTER TABLE "playback_quality" ADD CONSTRAINT "playback_quality_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;