/**
 * Which error a socket's refusal or end is (protocol.md 4.4).
 * @module
 */
import { isLiveError, LiveError, type LiveErrorCode } from "../errors.ts";
import type { SocketClosure, SocketRefusal } from "../ports.ts";
import { publicUrl } from "../trace.ts";
import { retryAfterMs } from "../web/refusals.ts";

const REMEDY_417 = "Let a signer sign the socket, or pass the session that it was signed for";
const REMEDY_400 = "Check the option params; a signer's route parameters have to be percent-encoded";

function codeOf(refusal: SocketRefusal): { code: LiveErrorCode; saw: string; remedy?: string } {
  const { status = 0, handshakeStatus, handshakeMessage } = refusal;
  if (handshakeMessage?.toUpperCase() === "DEVICE_BLOCKED" || handshakeStatus === "415" || status === 415) {
    return { code: "device_blocked", saw: "TikTok refuses this User-Agent and guest cookie" };
  }
  const message = handshakeMessage ?? "";
  if (handshakeStatus === "417" || status === 417) {
    return { code: "blocked", saw: `TikTok refuses the handshake: ${message}`, remedy: REMEDY_417 };
  }
  if (status === 429) return { code: "rate_limited", saw: "TikTok answered HTTP 429, too many requests" };
  if (status === 403) return { code: "blocked", saw: "TikTok answered HTTP 403, forbidden" };
  if (status === 200) return { code: "blocked", saw: `TikTok answered HTTP 200 in place of the upgrade ${message}` };
  if (status === 400 && message !== "") {
    return { code: "protocol", saw: `TikTok calls the parameters wrong: ${message}`, remedy: REMEDY_400 };
  }
  return {
    code: "network",
    saw: status === 0 ? "it did not open, and nobody says why" : `HTTP ${status} in place of the upgrade`,
  };
}

/**
 * The error of a socket that did not open.
 * @param nowMs ms since 1970, to read a `Retry-After` date
 */
export function refusalError(refusal: SocketRefusal, url: string, nowMs: number): LiveError {
  if (isLiveError(refusal.cause)) return refusal.cause;
  const { code, saw, remedy } = codeOf(refusal);
  const { status, handshakeStatus, handshakeMessage, logId, cause } = refusal;
  return new LiveError(code, `Open the socket: ${saw.trim()}`, {
    evidence: {
      url: publicUrl(url),
      ...(status === undefined ? {} : { status }),
      ...(handshakeStatus === undefined ? {} : { handshakeStatus }),
      ...(handshakeMessage === undefined ? {} : { handshakeMessage: handshakeMessage.slice(0, 200) }),
      ...(logId === undefined ? {} : { logId }),
    },
    retryAfterMs: retryAfterMs(refusal.retryAfter ?? null, nowMs),
    ...(remedy === undefined ? {} : { remedy }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The error of a socket that ended after it was open. */
export function closureError(closure: SocketClosure, url: string): LiveError {
  const reason = closure.reason === "" ? "" : `, ${closure.reason.slice(0, 200)}`;
  return new LiveError("network", `Listen to the room: the socket closed with code ${closure.code}${reason}`, {
    evidence: { url: publicUrl(url) },
  });
}
