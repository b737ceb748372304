/**
 * The pages of the site, in the order of its menu.
 * @module
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../tools.mjs";

/** A page that is made from a file of Markdown. */
export interface WrittenPage {
  /** Path below the site's folder. */
  path: string;
  /** Its words in the menu. */
  title: string;
  /** The file, from the clone's top. */
  source: string;
}

/** A page that is made from the source. */
export interface MadePage {
  path: string;
  title: string;
  /** Files of the clone that it shows: links to them lead to the page. */
  shows: string[];
  /** What makes it. */
  make: "api" | "events" | "sdk" | "settings";
}

export type Page = WrittenPage | MadePage;

/** Pages that belong together in the menu. */
export interface Group {
  title: string;
  pages: Page[];
}

const written = (path: string, title: string, source = `docs/${path.replace(/html$/, "md")}`): WrittenPage => ({
  path,
  title,
  source,
});

/** A name as words: `canary_drift` is `Canary drift`. */
function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The menu. */
export function menu(): Group[] {
  const runbooks = readdirSync(join(ROOT, "docs", "runbooks")).sort().map((file) => {
    const name = file.replace(/\.md$/, "");
    return written(`runbooks/${name}.html`, words(name));
  });
  return [
    {
      title: "Begin",
      pages: [
        written("index.html", "Roomtone", "README.md"),
        written("start.html", "Start here"),
        written("recipes.html", "Recipes"),
        written("how_it_works.html", "How it works"),
        written("limits.html", "Limits and manners"),
      ],
    },
    {
      title: "Reference",
      pages: [
        { path: "events.html", title: "Events", shows: ["sdk/src/events/types.ts"], make: "events" },
        { path: "sdk.html", title: "SDK", shows: ["sdk/api.txt"], make: "sdk" },
        { path: "api.html", title: "HTTP API", shows: ["functions/openapi.json"], make: "api" },
        written("command_line.html", "Command line"),
        { path: "settings.html", title: "Settings", shows: ["functions/contract/config.ts"], make: "settings" },
      ],
    },
    {
      title: "Operations",
      pages: [
        written("local_system.html", "Local system"),
        written("recordings.html", "Recordings"),
        written("deploy_aws.html", "AWS"),
        written("cost.html", "Cost"),
        written("deploy_worker.html", "Cloudflare Worker"),
        written("alerts.html", "Alerts"),
        written("runbooks.html", "Runbooks"),
      ],
    },
    { title: "Runbooks", pages: runbooks },
    {
      title: "Coming from",
      pages: [
        written("migrate_from_connector.html", "Connector 1.x"),
        written("migrate_from_tiktoklive.html", "TikTokLive (Python)"),
        written("equals.html", "Equals"),
      ],
    },
    {
      title: "Behind it",
      pages: [
        written("decisions.html", "Why it is built so"),
        written("contributing.html", "Contributing", "CONTRIBUTING.md"),
      ],
    },
  ];
}
