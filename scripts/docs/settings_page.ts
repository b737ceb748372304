/**
 * The page about settings, made from the schemas that every process reads its environment by.
 * @module
 */
import * as config from "../../functions/contract/config.ts";
import { cell } from "./symbols.ts";

/** What each process is called, in the order of the page. */
const PROCESSES = {
  LocalConfig: "The local system",
  LookupConfig: "AWS: links, user info",
  FollowingsConfig: "AWS: lists of users",
  SystemConfig: "AWS: the rest of the API",
  PollerConfig: "AWS: poller",
  RecorderTaskConfig: "AWS: recorder task",
  ConsumerConfig: "AWS: consumer",
  AlertsConfig: "AWS: alerts",
  RetentionConfig: "AWS: retention",
  CanaryConfig: "AWS: canary",
} as const satisfies Partial<Record<keyof typeof config, string>>;

/** A variable of the environment. */
export interface Setting {
  /** Such as `ROOMTONE_PORT`. */
  variable: string;
  /** What it means; empty when the source says nothing. */
  what: string;
  /** As it is written in the environment; `undefined` when it is off or has to be given. */
  fallback: string | undefined;
  required: boolean;
  processes: string[];
}

/** The comments on settings in the source. */
function commentsOf(source: string): Map<string, string> {
  const comments = new Map<string, string>();
  for (const [, comment = "", name = ""] of source.matchAll(/^ {2}\/\*\*((?:[^*]|\*(?!\/))*)\*\/\n {2}(\w+):/gm)) {
    const text = comment.replace(/^\s*\*/gm, "").replace(/\{@link (\w+)\}/g, "`$1`").replace(/\s+/g, " ").trim();
    if (!comments.has(name)) comments.set(name, text);
  }
  return comments;
}

/** Every setting of every process. */
export function settingsOf(source: string): Setting[] {
  const comments = commentsOf(source);
  const found = new Map<string, Setting>();
  for (const [schema, process] of Object.entries(PROCESSES) as [keyof typeof PROCESSES, string][]) {
    const entries: Record<string, { type: string; default?: unknown }> = config[schema].entries;
    for (const [name, entry] of Object.entries(entries)) {
      const known = found.get(name);
      if (known !== undefined) known.processes.push(process);
      else {
        found.set(name, {
          variable: config.envName(name),
          what: comments.get(name) ?? "",
          fallback: entry.default === undefined || String(entry.default) === "" ? undefined : String(entry.default),
          required: entry.type !== "optional",
          processes: [process],
        });
      }
    }
  }
  return [...found.values()];
}

function table(settings: readonly Setting[], local: boolean): string {
  const rows = settings.map(({ variable, what, fallback, required, processes }) => {
    const value = required ? "to be given" : fallback === undefined ? "" : `\`${fallback}\``;
    const where = local ? "" : ` ${processes.map((process) => process.replace("AWS: ", "")).join(", ")} |`;
    return `| \`${variable}\` | ${value} | ${cell(what)} |${where}`;
  });
  const head = local ? "| variable | default | what |" : "| variable | default | what | read by |";
  return [head, local ? "|---|---|---|" : "|---|---|---|---|", ...rows].join("\n");
}

/** The page as Markdown. */
export function settingsPage(source: string): string {
  const settings = settingsOf(source);
  const local = settings.filter(({ processes }) => processes.includes(PROCESSES.LocalConfig));
  const aws = settings.filter(({ processes }) => processes.some((process) => process !== PROCESSES.LocalConfig));
  return [
    "# Settings",
    "Processes read their settings from the environment once, when they start, and name every wrong one. An empty " +
    "variable counts as not set. Lists have commas between. This page is made from the schemas that check them.",
    "## The local system",
    "`npm start`, and `roomtone serve`.",
    table(local, true),
    "## On AWS",
    "`infra/config.ts` has what an operator sets, by stage; the stacks give each process the variables that it reads.",
    table(aws, false),
  ].join("\n\n");
}
