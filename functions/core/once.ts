/**
 * Makes a thing when it is first asked for, and gives the same one from then on. What failed is tried anew.
 * @param make is called once, or again after it threw
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
