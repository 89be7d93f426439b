/** The style sheet of a report, for light and dark, wide and narrow screens. */
export const REPORT_STYLE = `
  :root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d8dee4;
    --paper: #ffffff; --good: #0969da; --bad: #bc4c00; --shade: #f6f8fa; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #2f363d;
    --paper: #0d1117; --good: #58a6ff; --bad: #ffa657; --shade: #151b23; } }
  * { box-sizing: border-box; }
  body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem 5rem; background: var(--paper);
    color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
  h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; }
  h2 { font-size: 1.15rem; margin: 3rem 0 .75rem; }
  p { margin: .5rem 0 1rem; } h1 + p, .soft { color: var(--soft); }
  .facts { display: flex; flex-wrap: wrap; gap: 1.25rem 2.5rem; margin: 1.75rem 0 0; }
  .facts div { min-width: 7rem; } .facts b { display: block; font-size: 1.7rem; font-weight: 600;
    line-height: 1.25; font-variant-numeric: tabular-nums; }
  .range { font-size: .8rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
  article { margin: .6rem 0; padding: .7rem 1rem; background: var(--shade); border-radius: 6px; }
  .input { margin: 0 0 .5rem; white-space: pre-wrap; }
  .note { float: right; margin-left: 1rem; color: var(--soft); font-size: .85rem; }
  dl { display: grid; grid-template-columns: 5rem 1fr; gap: .1rem .5rem; margin: 0; }
  dt { color: var(--soft); } dd { margin: 0; white-space: pre-wrap; min-width: 0; }
  dd.wrong { color: var(--bad); } dd.right { color: var(--good); }
  mark { background: color-mix(in srgb, var(--good) 16%, transparent); color: inherit;
    border-radius: 3px; padding: .05em .2em; }
  .wrong mark { background: color-mix(in srgb, var(--bad) 18%, transparent); }
  mark small { margin-left: .3em; font-size: .7em; font-weight: 600; opacity: .75; }
  .wide { overflow-x: auto; } .wide svg { display: block; max-width: none; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th { text-align: left; font-weight: 500; color: var(--soft); }
  th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
  .n { text-align: right; white-space: nowrap; } td.bar { width: 30%; min-width: 5rem; }
  .bar i { display: block; height: .7rem; border-radius: 2px; background: var(--good); }
  pre { white-space: pre-wrap; font: .85rem/1.5 ui-monospace, monospace; margin: .6rem 0 0; }
  @media (max-width: 30rem) { body { padding: 1.5rem 1rem 3rem; }
    .facts { gap: 1rem 1.5rem; } dl { grid-template-columns: 1fr; } dt { font-size: .85rem; } }`;
