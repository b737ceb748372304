/** The system's Chromium, for the tests of the console. */
import process from "node:process";
import { type Browser, chromium } from "playwright-core";
import { onPath } from "../../scripts/tools.mjs";

/** Either the browser, or the one line that says why the suite is skipped. */
export type ChromiumStart = { browser: Browser; skipped: undefined } | { browser: undefined; skipped: string };

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Starts a Chromium without a window.
 * @throws Error when it does not start, or when there is none and `CI` is `true`
 */
export async function startChromium(): Promise<ChromiumStart> {
  const path = process.env["ROOMTONE_CHROMIUM"] ?? NAMES.map((name) => onPath(name)).find((found) => found);
  if (path === undefined) {
    const skipped = "the console is not tested: there is no Chromium on the PATH, and none in ROOMTONE_CHROMIUM";
    if (process.env["CI"] === "true") throw new Error(`${skipped}; with CI=true that is a failure`);
    return { browser: undefined, skipped };
  }
  // Its sandbox refuses to run as root.
  const chromiumSandbox = process.getuid?.() !== 0;
  const args = ["--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"];
  return { browser: await chromium.launch({ executablePath: path, chromiumSandbox, args }), skipped: undefined };
}
