import { assert, assertEquals } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { ContractWorld, FINISHED } from "../../tests/fakes/contract_world.ts";
import type { ClipMaker, ClipWish } from "../ports/clip_maker.ts";

describe("GET /recordings/{id}/clip.mp4", () => {
  let world: ContractWorld;
  const wishes: ClipWish[] = [];
  let cancelled = 0;
  const clips: ClipMaker = {
    make(wish) {
      wishes.push(wish);
      const pull = (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
        controller.enqueue(new TextEncoder().encode("a clip"));
        controller.close();
      };
      const body = new ReadableStream({ pull, cancel: () => void cancelled++ }, { highWaterMark: 0 });
      return Promise.resolve({ size: 6, startMs: 88_000.4, gaps: 2, body });
    },
  };

  before(async () => {
    world = await ContractWorld.open();
  });
  after(() => world.close());

  const ask = async (query: string, method = "GET") => {
    const app = world.app({ system: { store: world.store, clock: world.clock, files: world.files(), clips } });
    return await app.request(`/recordings/${FINISHED}/clip.mp4?${query}`, { method });
  };

  it("sends the file, and tells where it begins and what is missing", async () => {
    const answer = await ask("fromMs=90000&toMs=135000");
    assertEquals([answer.status, await answer.text()], [200, "a clip"]);
    assertEquals(
      ["content-type", "content-length", "content-disposition", "x-clip-start-ms", "x-clip-gaps", "cache-control"]
        .map((name) => answer.headers.get(name)),
      ["video/mp4", "6", `attachment; filename="host3_${FINISHED}_1m30s-2m15s.mp4"`, "88000", "2", "no-store"],
    );
    const wish = wishes.at(-1);
    assertEquals([wish?.fromMs, wish?.toMs, wish?.exact], [90_000, 135_000, false]);
    await ask("fromMs=0&toMs=5&exact=true");
    assertEquals(wishes.at(-1)?.exact, true);
  });

  it("gives the maker the recording's own files, and no others", async () => {
    await ask("fromMs=0&toMs=5");
    const wish = wishes.at(-1);
    assert(wish !== undefined && wish.playlist.includes("\nparts/1/segment_0.m4s\n"), wish?.playlist);
    assertEquals(await new Response(await wish.open("parts/1/segment_0.bin")).text(), "0123456789");
    for (const uri of ["parts/2/segment_0.bin", "parts/1/none.bin", "https://elsewhere.example/a", "parts/1/../a"]) {
      const code = await wish.open(uri).then(() => "opened", (error) => error.code);
      assertEquals(code, "not_found", uri);
    }
  });

  it("takes times of up to ten minutes, and names what is wrong", async () => {
    for (const query of ["fromMs=5&toMs=5", "fromMs=6&toMs=5", "fromMs=0&toMs=600001", "toMs=5", "fromMs=a&toMs=5"]) {
      const made = wishes.length;
      const answer = await ask(query);
      const { code, parameters } = await answer.json();
      assertEquals([answer.status, code, parameters.length, wishes.length], [400, "invalid_input", 1, made], query);
    }
  });

  it("gives back what nobody reads", async () => {
    const answer = await ask("fromMs=0&toMs=5", "HEAD");
    assertEquals([answer.status, answer.headers.get("content-length"), cancelled], [200, "6", 1]);
  });
});
