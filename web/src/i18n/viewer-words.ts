/** What the viewer's pages say: home, search, a channel, a past broadcast. */
type Texts<Names extends string> = { readonly [Name in Names]: string };

export interface ViewerWords {
  readonly home: Texts<
    | "title"
    | "following"
    | "list"
    | "quiet"
    | "quietMore"
    | "loading"
    | "more"
    | "upcoming"
    | "recent"
    | "failed"
    | "planned"
  > & {
    readonly heading: (live: number) => string;
    readonly appeared: (title: string) => string;
  };
  readonly card: Texts<"live" | "watch" | "fresh"> & {
    readonly since: (time: string) => string;
    readonly viewers: (count: number) => string;
    readonly views: (count: number) => string;
  };
  readonly search: Texts<
    "label" | "placeholder" | "clear" | "channels" | "streams" | "title" | "failed" | "hint" | "past" | "planned"
  > & {
    readonly none: (text: string) => string;
    readonly found: (count: number) => string;
    readonly all: (text: string) => string;
    readonly heading: (text: string) => string;
  };
  readonly watch: Texts<
    | "loading"
    | "offAir"
    | "offAirMore"
    | "ended"
    | "endedMore"
    | "others"
    | "missing"
    | "missingMore"
    | "about"
    | "schedule"
    | "recordings"
    | "next"
    | "last"
    | "noAbout"
    | "feed"
    | "chat"
    | "showChat"
    | "interrupted"
  >;
  readonly follow: Texts<"follow" | "following" | "failed" | "tooMany"> & {
    readonly followers: (count: number) => string;
  };
  readonly share: Texts<"open" | "heading" | "link" | "copyLink" | "startAt" | "embed" | "copyEmbed" | "close"> & {
    readonly from: (time: string) => string;
  };
  readonly past: Texts<
    "missing" | "missingMore" | "notRecorded" | "notRecordedMore" | "live" | "toLive" | "planned" | "channel"
  >;
}
