/** One page of a list. */
export interface Page<T> {
  items: T[];
  /** Pass it to get the next page; `undefined` on the last one. Opaque to callers. */
  cursor: string | undefined;
}

/** Which page of a list. */
export interface PageRequest {
  /** Most items of the page, 1 to 1,000. */
  limit: number;
  cursor?: string;
}
