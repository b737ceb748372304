// The search box: looks through an index of all sections, which comes as a script when somebody begins to search.
// @ts-check

/** @typedef {{ u: string, p: string, h: string, t: string }} Entry */

(() => {
  const form = document.querySelector("form[role=search]");
  const box = document.querySelector("#search");
  const list = document.querySelector("#found");
  const count = document.querySelector("#count");
  const own = document.querySelector("script[src$='search.js']");
  if (!(form instanceof HTMLFormElement && box instanceof HTMLInputElement && list && count && own)) return;
  const base = own.getAttribute("src")?.replace(/search\.js$/, "") ?? "";
  /** @type {Entry[] | undefined} */
  let entries;
  let asked = false;

  /** @param {Entry[]} given */
  const take = (given) => {
    entries = given;
    show();
  };
  Object.assign(globalThis, { roomtoneSearch: take });

  function load() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = `${base}search_index.js`;
    document.head.append(script);
  }

  /**
   * How well a section fits: 0 when a word is missing.
   * @param {Entry} entry @param {string[]} words
   */
  function fit({ h, p, t }, words) {
    let sum = 0;
    for (const word of words) {
      const heading = h.toLowerCase();
      const points = heading === word ? 20 : heading.includes(word) ? 8 : p.toLowerCase().includes(word) ? 3 : 0;
      if (points === 0 && !t.toLowerCase().includes(word)) return 0;
      sum += points + 1;
    }
    return sum;
  }

  function show() {
    if (!list || !count || entries === undefined || !(box instanceof HTMLInputElement)) return;
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? [] : entries
      .map((entry) => ({ entry, points: fit(entry, words) }))
      .filter(({ points }) => points > 0)
      .sort((a, b) => b.points - a.points)
      .slice(0, 12);
    list.replaceChildren(...found.map(({ entry: { u, p, h, t } }) => {
      const link = document.createElement("a");
      link.href = base + u;
      link.textContent = h === p ? h : `${p}: ${h}`;
      const words = document.createElement("span");
      words.textContent = t.slice(0, 90);
      link.append(words);
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
    count.textContent = words.length === 0 ? "" : found.length === 0 ? "Nothing was found" : `${found.length} found`;
  }

  form.hidden = false;
  box.addEventListener("focus", load);
  box.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = list.querySelector("a");
    if (first) location.href = first.href;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      box.focus();
    }
    if (event.key === "Escape" && form.contains(document.activeElement)) {
      box.value = "";
      show();
      box.focus();
    }
    const links = [...list.querySelectorAll("a")];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || links.length === 0 || !form.contains(document.activeElement)) return;
    event.preventDefault();
    const at = links.findIndex((link) => link === document.activeElement) + step;
    (at < 0 ? box : links[Math.min(at, links.length - 1)])?.focus();
  });
})();
