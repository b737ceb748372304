import { useResource, useShared } from "../hooks.ts";
import { Trouble } from "../parts/notice.tsx";

/** How often the state is read, ms. */
const EVERY_MS = 5_000;

/** The state of the system. */
export function System() {
  const { api } = useShared();
  const health = useResource((signal) => api.client.health({}, { signal }), EVERY_MS);
  return (
    <section aria-labelledby="system-title">
      <h1 id="system-title">System</h1>
      <Trouble error={health.error} />
      {health.value !== undefined && <p class="notice">API and store work.</p>}
    </section>
  );
}
