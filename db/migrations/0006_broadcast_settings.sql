ALTER TABLE "channels" ADD COLUMN "latency" varchar(20) DEFAULT 'balanced' NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "second_encoder" varchar(20) DEFAULT 'takeover' NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "is_recorded" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "dvr_seconds" integer DEFAULT 7200;--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "channels_latency_check" CHECK ("channels"."latency" in ('ultra', 'balanced', 'standard'));--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "channels_second_encoder_check" CHECK ("channels"."second_encoder" in ('takeover', 'refuse'));--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "channels_dvr_seconds_check" CHECK ("channels"."dvr_seconds" >= 0);