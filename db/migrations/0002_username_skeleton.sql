ALTER TABLE "users" ADD COLUMN "username_skeleton" varchar(255);--> statement-breakpoint
-- What the accounts so far have in common with a skeleton; new ones get the real one.
UPDATE "users" SET "username_skeleton" = lower("username") WHERE "email" <> 'owner@placeholder.invalid';--> statement-breakpoint
CREATE UNIQUE INDEX "users_username_skeleton_unique" ON "users" USING btree ("username_skeleton");
