import "../styles/forms.css";
import { Leaving } from "../account/leaving.tsx";
import { NoticeSettings } from "../account/notice-settings.tsx";
import { ProfileForm } from "../account/profile-form.tsx";
import { EmailForm, PasswordForm } from "../account/security-forms.tsx";
import { SessionList } from "../account/session-list.tsx";
import { TokenList } from "../account/token-list.tsx";
import { WebhookList } from "../account/webhook-list.tsx";
import { accountWords } from "../i18n/account-words.ts";
import { MembersOnly } from "../session/members-only.tsx";
import { useTitle } from "../ui/use-title.ts";

export function Settings() {
  useTitle(() => accountWords().settings.title);
  return (
    <MembersOnly>
      {(me) => (
        <div class="panels">
          <h1>{accountWords().settings.title}</h1>
          <ProfileForm me={me()} />
          <NoticeSettings />
          <EmailForm me={me()} />
          <PasswordForm me={me()} />
          <SessionList />
          <TokenList me={me()} />
          <WebhookList />
          <Leaving me={me()} />
        </div>
      )}
    </MembersOnly>
  );
}
