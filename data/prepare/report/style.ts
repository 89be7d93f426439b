/** The look of the report: one column that also fits a phone, light and dark. */
export const STYLE = /* css */ `
:root { color-scheme: light dark; --ink: #1d2125; --soft: #667079; --line: #e3e1dc; --paper: #fbfaf8;
  --card: #ffffff; --kept: #2f6fdb; --kept-soft: #dbe7fb; --lost: #d9822b; --good: #23875a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e3; --soft: #98a1aa; --line: #30353b;
  --paper: #14171a; --card: #1b1f23; --kept: #6ea4ff; --kept-soft: #23344f; --lost: #f0a35e;
  --good: #5fc795; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: clamp(1.25rem, 4vw, 3rem) clamp(1rem, 4vw, 2rem) 5rem;
  background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; }
h1 { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.15; letter-spacing: -.02em; margin: 0; }
h2 { font-size: 1.2rem; letter-spacing: -.01em; margin: 3rem 0 .25rem; }
h3 { font-size: .95rem; margin: 0 0 .6rem; } .bars + h3 { margin-top: 1.75rem; }
p { margin: .25rem 0 1rem; max-width: 46rem; } p, .soft { color: var(--soft); }
b { font-weight: 600; } code { font: .9em ui-monospace, monospace; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.2rem, 1fr)); gap: .75rem;
  margin: 1.75rem 0 0; }
.facts div, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem 1rem; }
.facts b { display: block; font-size: 1.5rem; line-height: 1.2; letter-spacing: -.01em; }
.facts span { font-size: .85rem; color: var(--soft); }
.columns { display: grid; gap: 1rem; margin: .75rem 0; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); }
.bars { display: grid; grid-template-columns: max-content minmax(4rem, 1fr) max-content; gap: .3rem .8rem;
  align-items: center; margin: .75rem 0; }
.flow { grid-template-columns: max-content minmax(6rem, 1fr) max-content max-content; }
.bars > .n, .reason .n, td.n, th.n { text-align: right; white-space: nowrap; }
.bars > .head { color: var(--soft); font-size: .85rem; }
.track { display: flex; height: .95rem; border-radius: 3px; overflow: hidden; background: var(--line); }
.track i { display: block; background: var(--kept); } .track i.lost { background: var(--lost); }
.track i.soft { background: var(--kept-soft); }
.track.thin { height: .7rem; background: none; }
.lost-text { color: var(--lost); } .good { color: var(--good); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .95rem; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .85rem; white-space: nowrap; }
th, td { padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
.path { overflow-wrap: anywhere; min-width: 9rem; }
details { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .45rem 0; list-style: none; overflow-wrap: anywhere; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "›"; display: inline-block; width: 1rem; color: var(--soft); }
details[open] > summary::before { content: "⌄"; }
.reason > summary { display: grid; gap: 0 .8rem; align-items: center;
  grid-template-columns: 1rem minmax(9rem, 20rem) minmax(3rem, 1fr) 8.5rem 4rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.55 ui-monospace, monospace;
  margin: 0 0 .8rem; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; max-height: 22rem; overflow-y: auto; }
.tokens { display: flex; flex-wrap: wrap; gap: .4rem; } .tokens span { background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; padding: .1rem .5rem; white-space: pre;
  font: .85rem/1.6 ui-monospace, monospace; } .tokens small { color: var(--soft); }
.plot { position: relative; height: 11rem; border-left: 1px solid var(--line);
  border-bottom: 1px solid var(--line); } .plot svg { width: 100%; height: 100%; display: block; }
.plot polyline { fill: none; stroke: var(--kept); stroke-width: 2; vector-effect: non-scaling-stroke; }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: .8rem;
  margin-top: .2rem; }
@media (max-width: 38rem) {
  .bars { grid-template-columns: minmax(0, max-content) minmax(3rem, 1fr) minmax(0, max-content); }
  .bars > .n { white-space: normal; }
  .flow { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 .8rem; }
  .flow > .head { display: none; } .flow > .track { grid-column: 1 / -1; order: 0; margin: .1rem 0 .1rem; }
  .flow > .wide { grid-column: 1 / -1; margin-top: .5rem; font-weight: 600; }
  .flow > .n { font-size: .8rem; } .flow > .n:not(.lost-text) { text-align: left; color: var(--soft); }
  .reason > summary { grid-template-columns: 1rem 1fr max-content; }
  .reason > summary > .track { display: none; } .reason > summary > .share { display: none; }
}
@media print { body { max-width: none; } pre { max-height: none; } }
`;
