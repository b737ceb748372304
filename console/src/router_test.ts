import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { hashOf, type Place, readPlace } from "./router.ts";

describe("places of the console", () => {
  it("each is read back from its hash", () => {
    const places: Place[] = [
      { page: "home" },
      { page: "recordings" },
      { page: "recording", id: "7456" },
      { page: "recording", id: "7456", atMs: 61_000 },
      { page: "system" },
    ];
    assertEquals(places.map((place) => readPlace(hashOf(place))), places);
  });

  it("what is none leads home, or to the list", () => {
    assertEquals(["", "#", "#/", "#/nope", "#javascript:alert(1)"].map((hash) => readPlace(hash).page), [
      ...["home", "home", "home", "home", "home"],
    ]);
    assertEquals(readPlace("#/recordings/<img>"), { page: "recordings" });
    assertEquals(readPlace("#/recordings/12?at=-5"), { page: "recording", id: "12" });
  });
});
