import { useEffect, useRef } from "preact/hooks";

/** Asks for the API key. */
export function KeyDialog(props: { current: string | undefined; onDone(key: string): void; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const take = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("key");
    props.onDone(typeof given === "string" ? given.trim() : "");
  };
  return (
    <dialog ref={dialog} onClose={props.onClose} aria-labelledby="key-title">
      <form onSubmit={take}>
        <h2 id="key-title">API key</h2>
        <p>It stays in this tab, and goes to this server only. A server on your own machine needs none.</p>
        <label>
          Key <input name="key" type="password" autocomplete="off" value={props.current ?? ""} placeholder="rtk_…" />
        </label>
        <div class="row">
          <button type="submit">Use it</button>
          <button type="button" class="quiet" onClick={() => props.onDone("")}>Forget it</button>
          <button type="button" class="quiet" onClick={props.onClose}>Cancel</button>
        </div>
      </form>
    </dialog>
  );
}
