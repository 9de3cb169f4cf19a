import "../styles/forms.css";
import "../styles/studio.css";
import { A, type RouteSectionProps } from "@solidjs/router";
import { Show } from "solid-js";
import { adminWords } from "../i18n/admin-words.ts";
import { PATHS } from "../paths.ts";
import { MembersOnly } from "../session/members-only.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { useTitle } from "../ui/use-title.ts";

/** Administrators see all of it, moderators what they may: how the system is. */
export function AdminLayout(props: RouteSectionProps) {
  useTitle(() => adminWords().title);
  return (
    <MembersOnly>
      {(me) => (
        <Show
          when={me().permissions.moderate}
          fallback={
            <section class="notice">
              <h1>{adminWords().denied}</h1>
            </section>
          }
        >
          <div class="studio">
            <header class="studio-head">
              <h1>{adminWords().title}</h1>
              <Tabs label={adminWords().nav}>
                <A href={PATHS.admin} end={true}>
                  {adminWords().system}
                </A>
                <Show when={me().permissions.administer}>
                  <A href={PATHS.adminUsers}>{adminWords().users}</A>
                  <A href={PATHS.adminChannels}>{adminWords().channels}</A>
                  <A href={PATHS.adminDocuments}>{adminWords().documents}</A>
                  <A href={PATHS.adminAudit}>{adminWords().audit}</A>
                </Show>
              </Tabs>
            </header>
            {props.children}
          </div>
        </Show>
      )}
    </MembersOnly>
  );
}
