import { AppError } from "@roomtone/functions/client";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { openApi } from "./api.ts";
import { errorText } from "./format.ts";
import { type Shared, SharedContext } from "./hooks.ts";
import { Home } from "./pages/home.tsx";
import { RecordingPage } from "./pages/recording.tsx";
import { Recordings } from "./pages/recordings.tsx";
import { System } from "./pages/system.tsx";
import { KeyDialog } from "./parts/key_dialog.tsx";
import { hashOf, type Place, readPlace } from "./router.ts";

/** Where the key is kept: until the tab is closed, and for this origin only. */
const KEY = "roomtone.key";
const TITLES: Record<Place["page"], string> = {
  home: "Watchlist",
  recordings: "Recordings",
  recording: "Recording",
  system: "System",
};

/** A message at the foot of the page. */
interface Message {
  text: string;
  bad: boolean;
}

/** The console: the page that the hash names, and what surrounds it. */
export function App() {
  const [place, setPlace] = useState(() => readPlace(location.hash));
  const [key, setKey] = useState(() => sessionStorage.getItem(KEY) ?? undefined);
  const [wantsKey, setWantsKey] = useState(false);
  const [message, setMessage] = useState<Message>();

  useEffect(() => {
    const follow = () => setPlace(readPlace(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => {
    document.title = `${TITLES[place.page]} · Roomtone`;
  }, [place.page]);
  useEffect(() => {
    if (message === undefined) return;
    const timer = setTimeout(() => setMessage(undefined), 8_000);
    return () => clearTimeout(timer);
  }, [message]);

  const complain = useCallback((error: unknown) => {
    if (error instanceof AppError && error.code === "unauthorized") setWantsKey(true);
    else setMessage({ text: errorText(error), bad: true });
  }, []);
  const shared: Shared = useMemo(
    () => ({ api: openApi(location.origin, key), complain, tell: (text) => setMessage({ text, bad: false }) }),
    [key, complain],
  );
  // A server that wants a key is told apart at once, whichever page is opened first.
  useEffect(() => {
    const stop = new AbortController();
    shared.api.client.listWatches({ query: { limit: "1" } }, { signal: stop.signal }).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "unauthorized") setWantsKey(true);
    });
    return () => stop.abort();
  }, [shared.api]);
  const takeKey = (given: string) => {
    if (given === "") sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, given);
    setKey(given || undefined);
    setWantsKey(false);
  };

  return (
    <SharedContext.Provider value={shared}>
      <a class="skip" href="#main" onClick={skipToMain}>Skip to the page</a>
      <header class="top">
        <a class="brand" href={hashOf({ page: "home" })}>Roomtone</a>
        <nav aria-label="Pages">
          {(["home", "recordings", "system"] as const).map((page) => (
            <a
              key={page}
              href={hashOf({ page })}
              aria-current={place.page.startsWith(page.slice(0, 9)) ? "page" : undefined}
            >
              {TITLES[page]}
            </a>
          ))}
        </nav>
        <button type="button" class="quiet" onClick={() => setWantsKey(true)}>API key</button>
      </header>
      <main id="main" tabIndex={-1}>
        {place.page === "home" && <Home />}
        {place.page === "recordings" && <Recordings />}
        {place.page === "recording" && <RecordingPage key={place.id} id={place.id} atMs={place.atMs} />}
        {place.page === "system" && <System />}
      </main>
      {wantsKey && <KeyDialog current={key} onDone={takeKey} onClose={() => setWantsKey(false)} />}
      <div class={message?.bad ? "message bad" : "message"} role={message?.bad ? "alert" : "status"}>
        {message?.text}
      </div>
    </SharedContext.Provider>
  );
}

/** The hash is the router's, so the link moves the focus itself. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
