/** A file of the console. */
export interface PageFile {
  /** The bytes as they are sent. */
  body: Uint8Array<ArrayBuffer>;
  mediaType: string;
  /** Whether the bytes are packed. */
  gzip: boolean;
}

/** The built console. */
export interface PageFiles {
  /**
   * @param path within the console, such as `index.html` or `assets/index-1a2b3c.js`
   * @param gzip whether packed bytes may be given
   */
  find(path: string, gzip: boolean): Promise<PageFile | undefined>;
}
