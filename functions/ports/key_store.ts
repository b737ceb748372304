import type { Scope } from "../contract/scopes.ts";
import type { Page, PageRequest } from "./page.ts";

/** An API key, without the key itself: nobody can be given it again. */
export interface ApiKey {
  /** Names the key in lists and logs; part of the key, and no secret. */
  id: string;
  /** SHA-256 of the whole key, in hex. */
  hash: string;
  /** What its owner calls it. */
  name: string;
  scopes: readonly Scope[];
  /** Requests that the key may send in a minute; as many may come at once. */
  requestsPerMinute: number;
  createdAt: number;
}

/** A token bucket: it holds up to `capacity` requests, and a new one fits in every `intervalMs`. */
export interface BucketRule {
  capacity: number;
  intervalMs: number;
}

/** What a bucket said to a request. */
export interface BucketState {
  /** Whether the request had room. */
  taken: boolean;
  /** When the bucket is as good as new, ms since 1970; in the past when it is. */
  fullAt: number;
}

/** API keys, and how much each was used lately. */
export interface KeyStore {
  /** Stores a new key. @throws Error when there is one of this id */
  addKey(key: ApiKey): Promise<void>;
  getKey(id: string): Promise<ApiKey | undefined>;
  /** Lists keys by id. */
  listKeys(page: PageRequest): Promise<Page<ApiKey>>;
  /** @returns whether there was one */
  deleteKey(id: string): Promise<boolean>;
  /**
   * Takes a request out of the key's bucket, in one step for all processes that share the store.
   * @returns `undefined` when there is no such key
   */
  takeToken(id: string, now: number, rule: BucketRule): Promise<BucketState | undefined>;
}
