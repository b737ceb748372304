import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { csvRow } from "./csv.ts";

describe("csvRow()", () => {
  it("quotes what would break a table", () => {
    assertEquals(csvRow(["a", 'b"c', "d,e", "f\ng", -1, true, undefined]), 'a,"b""c","d,e","f\ng",-1,true,\r\n');
  });

  it("lets no text be a formula", () => {
    assertEquals(csvRow(["=1+1", "@SUM(A1)", "-2", "+3", "\tx"]), "'=1+1,'@SUM(A1),'-2,'+3,'\tx\r\n");
  });
});
