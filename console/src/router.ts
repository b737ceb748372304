/** A place in the console. It stands behind the `#`, so that it never meets a path of the API. */
export type Place =
  | { page: "home" }
  | { page: "recordings" }
  /** The recording of a room, while it runs and afterwards; `atMs` is a place on its clock. */
  | { page: "recording"; id: string; atMs?: number | undefined }
  | { page: "system" };

/** The place that a hash names; what is not known is home. */
export function readPlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page, id] = path.split("/");
  if (page === "system") return { page };
  if (page === "recordings" && id !== undefined && /^\d{1,20}$/.test(id)) {
    const at = new URLSearchParams(query).get("at");
    return { page: "recording", id, ...(at !== null && /^\d{1,12}$/.test(at) && { atMs: Number(at) }) };
  }
  return { page: page === "recordings" ? "recordings" : "home" };
}

/** The hash of a place. */
export function hashOf(place: Place): string {
  if (place.page === "home") return "#/";
  if (place.page !== "recording") return `#/${place.page}`;
  return `#/recordings/${place.id}${place.atMs === undefined ? "" : `?at=${Math.round(place.atMs)}`}`;
}
