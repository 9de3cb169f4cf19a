/** Notifications of this browser, by its service worker. */
import { locale } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";

/** `unsupported`: by the browser, or because the page is not secure. `denied`: the person has said no, and only they can change that. */
export type PushState = "unsupported" | "denied" | "on" | "off";

const isSupported = () =>
  "serviceWorker" in navigator && "PushManager" in window && typeof Notification !== "undefined";

const ready = () => navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready);

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

async function put(subscription: PushSubscription): Promise<Problem | null> {
  const { endpoint = "", keys = {} } = subscription.toJSON();
  const { p256dh = "", auth = "" } = keys;
  const outcome = await outcomeOf(client.api.notices.push.put({ endpoint, keys: { p256dh, auth }, locale: locale() }));
  return outcome.ok ? null : outcome.problem;
}

/** What is so now. A subscription that the server does not know, such as one of a session before, is told to it. */
export async function readPush(): Promise<PushState> {
  if (!isSupported()) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  if (Notification.permission !== "granted") return "off";
  const known = await (await ready()).pushManager.getSubscription();
  if (known === null) return "off";
  const outcome = await outcomeOf(client.api.notices.get());
  if (outcome.ok && outcome.value.push.endpoint !== known.endpoint) return (await put(known)) === null ? "on" : "off";
  return "on";
}

/** Asks the person, then the browser's push service, then tells the server. `declined`: one of the first two did not want to. */
export async function turnPushOn(): Promise<Problem | "declined" | null> {
  if ((await Notification.requestPermission()) !== "granted") return "declined";
  const outcome = await outcomeOf(client.api.notices.get());
  if (!outcome.ok) return outcome.problem;
  const { pushManager } = await ready();
  // One of another key (the installation has a new one) can't be changed.
  await (await pushManager.getSubscription())?.unsubscribe();
  const subscription = await pushManager
    .subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(outcome.value.push.publicKey) })
    .catch(() => null);
  return subscription === null ? "declined" : put(subscription);
}

export async function turnPushOff(): Promise<Problem | null> {
  const subscription = await (await ready()).pushManager.getSubscription();
  await subscription?.unsubscribe();
  const outcome = await outcomeOf(client.api.notices.push.delete());
  return outcome.ok ? null : outcome.problem;
}
