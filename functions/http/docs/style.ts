/** Style sheet of the documentation page: light and dark as the system is, one column on a phone. */
export const DOCS_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f6f7f9, #111418); --card: light-dark(#fff, #191d23); --line: light-dark(#dde1e7, #2c323b);
  --text: light-dark(#1b2027, #e4e8ee); --dim: light-dark(#5c6673, #98a3b1); --accent: light-dark(#c2185b, #ff6f9f);
  --code: light-dark(#f0f2f5, #12161b); --get: light-dark(#1565c0, #64b5f6); --put: light-dark(#9a6200, #ffb74d);
  --post: light-dark(#2e7d32, #81c784); --delete: light-dark(#c62828, #ef9a9a);
  --ok: light-dark(#2e7d32, #81c784); --bad: light-dark(#c62828, #ef9a9a);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
a { color: var(--accent); }
code, pre, .path, textarea { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.frame { display: grid; grid-template-columns: 16rem minmax(0, 1fr); max-width: 76rem; margin: 0 auto; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line); }
nav h2 { margin: 1.25rem 0 .25rem; color: var(--dim); font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; }
nav a { display: block; padding: .15rem .5rem; border-radius: 6px; color: var(--text); text-decoration: none;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; font-size: .875rem; }
nav a:hover { background: var(--card); }
nav strong { font-size: 1.1rem; }
main { padding: 1.5rem; min-width: 0; }
h1 { margin: 0; font-size: 1.6rem; }
h1 small { color: var(--dim); font-size: .9rem; font-weight: normal; }
h3 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
h4 { margin: 1rem 0 .35rem; font-size: .8rem; color: var(--dim); text-transform: uppercase; letter-spacing: .05em; }
p { margin: .5rem 0; }
.dim { color: var(--dim); }
.key { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; margin-top: 1rem; padding: .75rem 1rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.key input { flex: 1 1 14rem; }
details.call { margin: .5rem 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
details.call > summary { display: flex; flex-wrap: wrap; gap: .1rem .75rem; align-items: baseline; padding: .6rem 1rem;
  cursor: pointer; list-style: none; }
details.call > summary::-webkit-details-marker { display: none; }
details.call[open] > summary { border-bottom: 1px solid var(--line); }
.method { min-width: 3.6rem; font: 700 12px ui-monospace, Menlo, Consolas, monospace; text-transform: uppercase; }
.get { color: var(--get); } .put { color: var(--put); } .post { color: var(--post); } .delete { color: var(--delete); }
.path { font-weight: 600; overflow-wrap: anywhere; }
.inside { padding: .25rem 1rem 1rem; }
.field { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .15rem .75rem; margin: .5rem 0; align-items: start; }
.field label { padding-top: .35rem; overflow-wrap: anywhere; }
.field label b { color: var(--accent); }
.field .hint { grid-column: 2; color: var(--dim); font-size: .82rem; }
input, select, textarea { width: 100%; padding: .35rem .55rem; color: inherit; background: var(--page);
  border: 1px solid var(--line); border-radius: 7px; font-size: 14px; }
textarea { min-height: 6rem; resize: vertical; }
button { padding: .4rem 1.1rem; color: #fff; background: light-dark(#c2185b, #b3345f); border: 0; border-radius: 7px;
  font: 600 14px system-ui, sans-serif; cursor: pointer; }
button.quiet { color: var(--text); background: transparent; border: 1px solid var(--line); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.actions { display: flex; gap: .5rem; margin: .75rem 0; }
pre { margin: .35rem 0; padding: .65rem .8rem; max-height: 28rem; overflow: auto; background: var(--code);
  border: 1px solid var(--line); border-radius: 7px; white-space: pre-wrap; overflow-wrap: anywhere; }
.status { font-weight: 700; } .status.ok { color: var(--ok); } .status.bad { color: var(--bad); }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
td { padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:first-child { width: 3.5rem; font-variant-numeric: tabular-nums; }
details.more > summary { cursor: pointer; color: var(--accent); }
@media (max-width: 48rem) {
  .frame { display: block; }
  nav { position: static; height: auto; padding: 1rem 1rem 0; border: 0; }
  nav h2, nav a { display: none; }
  main { padding: .5rem 1rem 2rem; }
  .field { grid-template-columns: minmax(0, 1fr); }
  .field .hint { grid-column: 1; }
}
`;
