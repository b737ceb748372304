/**
 * Signatures of webhooks, as Standard Webhooks (standardwebhooks.com) has them, so that receivers find libraries.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

/** Start of every secret; base64 follows. */
const PREFIX = "whsec_";
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/** The headers that name a message, date it and sign both with its body. */
export interface SignedHeaders {
  /** The same in every try: who gets it again has it already. */
  "webhook-id": string;
  /** Seconds since 1970 of this try. */
  "webhook-timestamp": string;
  /** `v1,` and the HMAC-SHA256 of `id.timestamp.body`, base64. */
  "webhook-signature": string;
}

/**
 * Reads a secret: `whsec_` and base64 of 24 to 64 bytes.
 * @param from what it is called in the error, which shows nothing of it
 * @throws TypeError for another text
 */
export function readSecret(text: string, from: string): Uint8Array {
  const coded = text.trim();
  const bytes = Buffer.from(coded.slice(PREFIX.length), "base64");
  const whole = bytes.toString("base64").replace(/=+$/, "") === coded.slice(PREFIX.length).replace(/=+$/, "");
  if (!coded.startsWith(PREFIX) || !whole || bytes.length < LEAST_BYTES || bytes.length > MOST_BYTES) {
    throw new TypeError(
      `Read the webhook secret in ${from}: it must be ${PREFIX} and base64 of ${LEAST_BYTES} to ${MOST_BYTES} bytes; ` +
        "`roomtone alerts secret` makes one",
    );
  }
  return bytes;
}

/** A new secret. @param random fills the bytes */
export function newSecret(random: (bytes: Uint8Array<ArrayBuffer>) => unknown): string {
  const bytes = new Uint8Array(32);
  random(bytes);
  return PREFIX + Buffer.from(bytes).toString("base64");
}

/** Signs a message. @param now ms since 1970 */
export function sign(id: string, body: string, now: number, secret: Uint8Array): SignedHeaders {
  const timestamp = String(Math.floor(now / 1000));
  const hmac = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${hmac}` };
}
