import { useState } from "preact/hooks";
import { countText } from "../format.ts";
import { useShared } from "../hooks.ts";
import { hashOf } from "../router.ts";
import { QualityField, readQuality } from "./quality_select.tsx";

/** Work that a form asks for: its button waits until it is done, and what goes wrong is told. */
function useForm(work: (given: FormData) => Promise<void>): { busy: boolean; onSubmit(event: SubmitEvent): void } {
  const { complain } = useShared();
  const [busy, setBusy] = useState(false);
  const submit = async (form: HTMLFormElement) => {
    setBusy(true);
    try {
      await work(new FormData(form));
      form.reset();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    onSubmit(event) {
      event.preventDefault();
      void submit(event.currentTarget as HTMLFormElement);
    },
  };
}

/** Puts names on the watchlist: those given, or those whom they follow. */
export function AddNames({ onDone }: { onDone(): void }) {
  const { api, complain, tell } = useShared();
  const { busy, onSubmit } = useForm(async (given) => {
    const names = String(given.get("names") ?? "").split(/[\s,]+/).filter((name) => name !== "");
    if (names.length === 0) return;
    if (given.get("from") === "followings") {
      for (const username of names) {
        const { body } = await api.client.importWatches({ body: { uniqueId: username } });
        tell(`${countText(body.added)} added, ${countText(body.existing)} were there, ${body.skipped.length} left out`);
      }
    } else {
      const { body } = await api.client.importWatches({ body: { usernames: names } });
      const [wrong] = body.skipped;
      if (wrong === undefined) tell(`${countText(body.added)} added, ${countText(body.existing)} were there`);
      else complain(new Error(`${wrong.username}: ${wrong.reason}`));
    }
    onDone();
  });
  return (
    <form class="row" aria-label="Watch names" onSubmit={onSubmit}>
      <label class="grow">
        Names <input name="names" placeholder="some.host, other.host" required autocomplete="off" />
      </label>
      <label>
        Add
        <select name="from">
          <option value="names">these names</option>
          <option value="followings">whom they follow</option>
        </select>
      </label>
      <button type="submit" disabled={busy}>Watch</button>
    </form>
  );
}

/** Starts to record a host who is live now, on the watchlist or not. */
export function StartRecording({ onDone }: { onDone(): void }) {
  const { api, tell } = useShared();
  const { busy, onSubmit } = useForm(async (given) => {
    const username = String(given.get("name") ?? "").trim();
    const quality = readQuality(given.get("quality"));
    const { status, body } = await api.client.startRecording({ body: { username, ...quality && { quality } } });
    tell(status === 201 ? `@${body.username} is recorded from now on` : `@${body.username} is being recorded already`);
    location.hash = hashOf({ page: "recording", id: body.id });
    onDone();
  });
  return (
    <form class="row" aria-label="Record now" onSubmit={onSubmit}>
      <label class="grow">
        Name of a host who is live <input name="name" placeholder="some.host" required autocomplete="off" />
      </label>
      <QualityField />
      <button type="submit" disabled={busy}>Record</button>
    </form>
  );
}
