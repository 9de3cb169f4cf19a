import { playerEn } from "./player-en.ts";
import { viewerEn } from "./viewer-en.ts";
import type { Words } from "./words.ts";

export const en = {
  name: "English",
  ...viewerEn,
  player: playerEn,
  site: {
    skip: "Skip to content",
    home: "StreamHub, home",
    language: "Language",
    toDark: "Switch to dark theme",
    toLight: "Switch to light theme",
    footer: "Self-hosted live streaming. No trackers, no third parties.",
    offline: "No connection to the server. Trying again by itself.",
  },
  guide: {
    heading: "Broadcast from here",
    lead: "Any RTMP encoder will do. In OBS Studio, open Settings, then Stream, and choose the Custom service.",
    server: "Server",
    serverHelp: "Paste it into the Server field.",
    key: "Stream key",
    keyHelp: "Every channel has its own, and it is a secret.",
    create: "Create a channel",
    start: "Start streaming",
    startHelp: "You are on this page within seconds.",
    copy: "Copy",
    copyServer: "Copy the server address",
    copied: "Copied",
  },
  missing: {
    title: "Nothing here",
    heading: "No signal at this address",
    more: "The page has moved, or never was.",
    home: "Go to the home page",
  },
  failure: {
    heading: "Something broke on this page",
    more: "It is our fault, not yours. Trying again often helps.",
    retry: "Try again",
  },
} satisfies Words;
