/**
 * Whether pages, API, socket and media of one identity leave by the same way, as far as it can be known without asking a
 * third party.
 * @module
 */
import { connect as tcpConnect, type Socket } from "node:net";
import type { Finding } from "./finding.ts";

/** The address of this machine that a connection has. */
export interface OwnAddress {
  address: string;
  family: string;
}

/** Opens a connection, says what address it has here, and closes it. */
export type Probe = (host: string, port: number, timeoutMs: number, signal: AbortSignal) => Promise<OwnAddress>;

/** Asks the system itself. Nothing is sent. */
export const probeAddress: Probe = (host, port, timeoutMs, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket: Socket = tcpConnect({ host: host.replace(/^\[(.*)\]$/, "$1"), port });
    const end = (then: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      then();
    };
    const onAbort = (): void => end(() => reject(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.setTimeout(timeoutMs, () => end(() => reject(new Error("no answer in time"))));
    socket.once("error", (error) => end(() => reject(error)));
    socket.once("connect", () => {
      const { localAddress = "", remoteFamily } = socket;
      const family = remoteFamily ?? (localAddress.includes(":") ? "IPv6" : "IPv4");
      end(() => resolve({ address: localAddress, family }));
    });
  });

const NOT_KNOWN = "not known without asking a third party: ";

/** What goes where; each of them by its URL. */
export interface Ways {
  pages: string;
  api: string;
  socket: string;
  media?: string;
}

/**
 * Looks at one identity's ways out.
 * @param proxy host and port of its proxy; `undefined` for a direct way
 */
export async function checkAddresses(
  ways: Ways,
  proxy: string | undefined,
  { probe, timeoutMs, signal }: { probe: Probe; timeoutMs: number; signal: AbortSignal },
): Promise<Finding> {
  const check = "egress";
  const names = Object.keys(ways);
  if (proxy !== undefined) {
    return {
      check,
      state: "ok",
      detail:
        `${listed(names)} all go through ${proxy}; ${NOT_KNOWN}which address the proxy leaves from, and whether ` +
        "it is always the same one",
    };
  }
  const found = await Promise.all(
    Object.entries(ways).map(async ([name, text]: [string, string]) => {
      const url = new URL(text);
      const port = Number(url.port) || (/^(https|wss):$/.test(url.protocol) ? 443 : 80);
      return { name, own: await probe(url.hostname, port, timeoutMs, signal).catch(() => undefined) };
    }),
  );
  signal.throwIfAborted();
  return egressOf(found);
}

/** What the addresses of the connections say. */
export function egressOf(found: readonly { name: string; own: OwnAddress | undefined }[]): Finding {
  const check = "egress";
  const byAddress = new Map<string, string[]>();
  for (const { name, own } of found) {
    if (own === undefined) continue;
    const key = `${own.address} (${own.family})`;
    byAddress.set(key, [...byAddress.get(key) ?? [], name]);
  }
  const missing = found.filter(({ own }) => own === undefined).map(({ name }) => name);
  const unreached = missing.length === 0 ? "" : `; no connection for ${listed(missing)}`;
  if (byAddress.size === 0) {
    const remedy = "Mend the network, then run this again";
    return { check, state: "skipped", detail: "no connection could be opened", remedy };
  }
  const ways = [...byAddress].map(([address, names]) => `${listed(names)} from ${address}`).join(", ");
  if (byAddress.size === 1) {
    return {
      check,
      state: "ok",
      detail:
        `${ways}, directly${unreached}; ${NOT_KNOWN}the address that TikTok sees behind a router, and whether it ` +
        "is the same for all",
    };
  }
  return {
    check,
    state: "warning",
    detail: `${ways}: TikTok may see an identity at several addresses${unreached}`,
    remedy: "Let all of it take one way: switch IPv6 or one network off, or name a proxy for the identity",
  };
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
