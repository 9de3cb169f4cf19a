CREATE TABLE "statistics_viewers" (
	"channel_id" integer NOT NULL,
	"date" varchar(10) NOT NULL,
	"user_id" integer NOT NULL,
	CONSTRAINT "statistics_viewers_pkey" PRIMARY KEY("channel_id","date","user_id"),
	CONSTRAINT "statistics_viewers_date_check" CHECK ("statistics_viewers"."date" ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')
);
--> statement-breakpoint
ALTER TABLE "statistics" ADD COLUMN "devices" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "statistics" ADD COLUMN "referrers" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "statistics_viewers" ADD CONSTRAINT "statistics_viewers_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statistics_viewers" ADD CONSTRAINT "statistics_viewers_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "statistics_viewers_user_id_index" ON "statistics_viewers" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "streams_ended_index" ON "streams" USING btree ("ended_at");