/**
 * The commands and what the overview says of each. A command's code is loaded when it is used: the overview, which is what
 * people ask for first, needs none of it.
 */
import type { CliIo } from "./io.ts";

/** What a command's file offers. */
export interface Command {
  usage: string;
  run(args: string[], io: CliIo): Promise<number>;
}

/** By name, in the order of the overview, which shows the first two lines of a command's own help. */
export const COMMANDS: Readonly<Record<string, { overview: string; load(): Promise<Command> }>> = {
  live: {
    overview: `roomtone live NAME... [--from FILE] [--json] [--type TYPE]... [--record FILE] [--plain]
  Prints the events of lives as they arrive, until they end.`,
    load: () => import("./commands/live.ts"),
  },
  record: {
    overview: `roomtone record NAME... [--from FILE] [--until-end] [--follow-next-live] [--dir FOLDER] [--mp4] [--json]
  Records lives, video and events, each into a folder of its own, until they end or Ctrl-C is pressed.`,
    load: () => import("./commands/record.ts"),
  },
  links: {
    overview: `roomtone links NAME... [--from FILE] [--json]
  Prints every stream link of each name that is live: quality, protocol, codec, resolution, bitrate, URL.`,
    load: () => import("./commands/links.ts"),
  },
  user: {
    overview: `roomtone user NAME... [--from FILE] [--json]
  Prints what TikTok shows of each user: names, bio, counts, ids.`,
    load: () => import("./commands/user.ts"),
  },
  followings: {
    overview: `roomtone followings NAME... [--from FILE] [--csv] [--json] [--cursor C]
  Prints whom a user follows, all pages.`,
    load: () => import("./commands/followings.ts"),
  },
  followers: {
    overview: `roomtone followers NAME... [--from FILE] [--csv] [--json] [--cursor C]
  Prints who follows a user, all pages.`,
    load: () => import("./commands/followers.ts"),
  },
  gifts: {
    overview: `roomtone gifts [NAME] [--json]
  Prints the gifts that can be sent to a host, cheapest first: diamonds, id, name.`,
    load: () => import("./commands/gifts.ts"),
  },
  prices: {
    overview: `roomtone prices [--json]
  Prints what coins cost at this address (from an API: at its own), in US dollars and in the currencies that TikTok names.`,
    load: () => import("./commands/prices.ts"),
  },
  feed: {
    overview: `roomtone feed [--pages N] [--json]
  Prints the lives that TikTok recommends: viewers, host, title.`,
    load: () => import("./commands/feed.ts"),
  },
  send: {
    overview: `roomtone send NAME TEXT... [--json]
  Says something in the room of a host who is live.`,
    load: () => import("./commands/send.ts"),
  },
  watch: {
    overview:
      `roomtone watch add|rm|pause|resume NAME... | ls | import NAME | import --file FILE [--dir FOLDER] [--json]
  Changes or lists the watchlist: that of the local system, whether it runs or not, or with --remote that of an API.`,
    load: () => import("./commands/watch.ts"),
  },
  recordings: {
    overview:
      `roomtone recordings ls | show ID | events ID | log ID | export ID | clip ID | repair ID... | start NAME | stop ID... | rm ID... | keep ID... | unkeep ID... [--dir FOLDER] [--json]
  Lists, shows and changes recordings: those of the local system, whether it runs or not, or with --remote those of an API.`,
    load: () => import("./commands/recordings.ts"),
  },
  alerts: {
    overview: `roomtone alerts ls | resend ID... | secret [--state STATE] [--dir FOLDER] [--json]
  Lists alerts and sends those again that could not be delivered: of the local system, which does it while it runs, or with`,
    load: () => import("./commands/alerts.ts"),
  },
  retention: {
    overview: `roomtone retention [--host NAME] [--dry-run] [--json] [--dir FOLDER]
  Deletes what is older than ROOMTONE_RETENTION says, as the system itself does from time to time: from the local system's`,
    load: () => import("./commands/retention.ts"),
  },
  key: {
    overview: `roomtone key create [--scope SCOPE]... [--name TEXT] [--per-minute N] | ls | rm ID...
  Makes, lists or deletes keys of the API, which callers need where it is not on loopback. A key is shown once.`,
    load: () => import("./commands/key.ts"),
  },
  canary: {
    overview: `roomtone canary [NAME...] [--from FILE] [--all] [--json] [--dir FOLDER]
  Looks once whether TikTok's protocol is as it was, and stores what it found; exit code 1 when a fact is not as it was.`,
    load: () => import("./commands/canary.ts"),
  },
  repair: {
    overview: `roomtone repair FOLDER... [--json]
  Closes recordings that a crash left open: checks the segments, ends the playlist, writes the manifest.`,
    load: () => import("./commands/repair.ts"),
  },
  replay: {
    overview: `roomtone replay FILE [--speed N] [--json] [--type TYPE]...
  Prints the events of a live again, from the file that live --record wrote.`,
    load: () => import("./commands/replay.ts"),
  },
  serve: {
    overview: `roomtone serve [--host ADDRESS] [--port N] [--dir FOLDER] [--json]
  Runs the local system until Ctrl-C: watchlist poller, recorder, store and API on http://127.0.0.1:3000.`,
    load: () => import("./commands/serve.ts"),
  },
  demo: {
    overview: `roomtone demo [--stay] [--captures FILE] [--seconds N] [--json]
  Runs the whole system on this machine against a stand-in TikTok: one live, found, recorded, stored and checked.`,
    load: () => import("./commands/demo.ts"),
  },
  doctor: {
    overview: `roomtone doctor [NAME] [--identity NAME=PROXY_URL]... [--json]
  Looks whether this machine can do the work: runtime, ffmpeg and its codecs, disk, proxy, clock, and what TikTok answers.`,
    load: () => import("./commands/doctor.ts"),
  },
};
