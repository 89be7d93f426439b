/** How the playground looks: one column on a phone, two beside each other where there is room. */
export const styleCss = /* css */ `
:root {
  color-scheme: light dark;
  --paper: light-dark(#faf8f5, #191715);
  --sheet: light-dark(#ffffff, #221f1c);
  --ink: light-dark(#24201c, #ece6df);
  --faint: light-dark(#6b6259, #a89d92);
  --line: light-dark(#e4ddd4, #393430);
  --accent: light-dark(#a54817, #f0955a);
  --on-accent: light-dark(#ffffff, #24140a);
  --heat: light-dark(#f08a3c, #c8581a);
  --bad: light-dark(#a11a1a, #ff9d92);
  --radius: 10px;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { height: 100%; }
body {
  margin: 0;
  min-height: 100%;
  display: grid;
  grid-template: auto 1fr / minmax(0, 1fr) 19rem;
  grid-template-areas: "header header" "main aside";
  height: 100dvh;
  background: var(--paper);
  color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif;
}
h1, h2, p, fieldset { margin: 0; padding: 0; border: 0; }
h1 { display: flex; align-items: center; gap: .5rem; font-size: 1.15rem; letter-spacing: .01em; }
h2 { display: flex; justify-content: space-between; align-items: center; font-size: 1rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

header {
  grid-area: header;
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: .6rem 1rem;
  padding: .7rem 1.2rem;
  border-bottom: 1px solid var(--line);
}
.model { flex: 0 1 18rem; min-width: 8rem; }
.model select { width: 100%; }
.modes { display: flex; border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }
.modes input { position: absolute; opacity: 0; }
.modes span { display: block; padding: .35rem .9rem; cursor: pointer; color: var(--faint); }
.modes input:checked + span { background: var(--accent); color: var(--on-accent); }
.modes input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: -4px; }

main { grid-area: main; min-height: 0; display: flex; flex-direction: column; gap: .8rem; padding: 1rem 1.2rem; }
.transcript {
  flex: 1;
  min-height: 8rem;
  overflow-y: auto;
  padding: 1.1rem 1.3rem;
  background: var(--sheet);
  border: 1px solid var(--line);
  border-radius: var(--radius);
}
.hint { max-width: 46rem; color: var(--faint); }
.text {
  max-width: 46rem;
  margin-bottom: 1rem;
  font: 1rem/1.7 ui-serif, Georgia, "Noto Serif", serif;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.text.user {
  padding: .6rem .9rem;
  border-radius: var(--radius);
  background: var(--paper);
  border: 1px solid var(--line);
  font-family: inherit;
}
.text .prompt { color: var(--faint); }
.text.writing::after { content: ""; display: inline-block; width: .5em; height: 1em; margin-left: 1px; background: var(--accent); vertical-align: text-bottom; animation: blink 1s steps(2) infinite; }
@keyframes blink { 50% { opacity: 0; } }
@media (prefers-reduced-motion: reduce) { .text.writing::after { animation: none; } }
.token { border-radius: 3px; background: color-mix(in oklab, var(--heat) calc(var(--surprise, 0) * 60%), transparent); }
.token:hover, .token:focus { outline: 1.5px solid var(--accent); }

.composer { background: var(--sheet); border: 1px solid var(--line); border-radius: var(--radius); }
.composer:focus-within { border-color: var(--accent); }
.composer textarea { width: 100%; border: 0; background: none; padding: .8rem 1rem .2rem; resize: vertical; }
.composer textarea:focus { outline: none; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; padding: .5rem .7rem .6rem 1rem; }
.stats { flex: 1; min-width: 10rem; color: var(--faint); font-size: .85rem; font-variant-numeric: tabular-nums; }
.error { padding: .6rem .9rem; border: 1px solid var(--bad); border-radius: var(--radius); color: var(--bad); }
.key { display: flex; gap: .6rem; align-items: end; }
.key label { flex: 1; }

aside { grid-area: aside; overflow-y: auto; display: flex; flex-direction: column; gap: 1rem; padding: 1rem 1.2rem; border-left: 1px solid var(--line); }
#sliders { display: grid; gap: .5rem; }
.slider { display: grid; grid-template-columns: 1fr 5.2rem; gap: 0 .8rem; align-items: center; font-size: .92rem; }
.slider label { display: flex; justify-content: space-between; align-items: baseline; gap: .5rem; }
.slider small, .field small { color: var(--faint); }
.slider input[type=range] { grid-column: 1 / -1; height: 1.1rem; margin: .1rem 0 0; }
.slider input[type=number] { padding: .1rem .4rem; }
.field { display: grid; gap: .25rem; font-size: .92rem; }
input[type=range] { width: 100%; accent-color: var(--accent); }
input[type=number], input[type=password], select, .field textarea {
  width: 100%;
  padding: .35rem .55rem;
  border: 1px solid var(--line);
  border-radius: 7px;
  background: var(--sheet);
}
input, select, textarea, button { font: inherit; color: inherit; }
button { padding: .45rem 1rem; border: 1px solid transparent; border-radius: 8px; background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.quiet { background: none; color: inherit; border-color: var(--line); }
button:hover:enabled { filter: brightness(1.08); }
button.quiet:hover:enabled { border-color: var(--accent); }
button:disabled { opacity: .45; cursor: default; }
.copies { display: flex; flex-wrap: wrap; gap: .4rem; }
.copies button { flex: 1 0 auto; padding: .3rem .6rem; font-size: .88rem; }
.shortcuts, .links { color: var(--faint); font-size: .82rem; }
.links a { color: var(--accent); margin-right: .8rem; }
kbd { padding: 0 .3em; border: 1px solid var(--line); border-radius: 4px; font: .95em ui-monospace, monospace; }
body:not(.chat) .chat-only { display: none; }

.alternatives {
  position: fixed;
  z-index: 1;
  width: 15rem;
  padding: .6rem .7rem;
  background: var(--sheet);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  box-shadow: 0 6px 24px rgb(0 0 0 / .18);
  font-size: .85rem;
  pointer-events: none;
}
.alternatives ol { margin: 0; padding: 0; list-style: none; display: grid; gap: .25rem; }
.alternatives li { display: grid; grid-template-columns: 1fr 3.6rem; gap: .5rem; padding: .05rem .4rem; border-radius: 5px; background: linear-gradient(90deg, color-mix(in oklab, var(--heat) 30%, transparent) calc(var(--share) * 100%), transparent 0); }
.alternatives li.chosen { font-weight: 650; }
.alternatives code { overflow: hidden; text-overflow: ellipsis; white-space: pre; font: inherit; font-family: ui-monospace, monospace; }
.alternatives output { text-align: right; font-variant-numeric: tabular-nums; }

.only-narrow { display: none; }
@media (max-width: 52rem) {
  body { grid-template: auto 1fr / minmax(0, 1fr); grid-template-areas: "header" "main"; }
  header { padding: .6rem .8rem; }
  main { padding: .7rem .8rem; }
  .only-narrow { display: block; margin-left: auto; }
  aside { position: fixed; inset: 0 0 0 auto; width: min(22rem, 92vw); background: var(--paper); box-shadow: 0 0 40px rgb(0 0 0 / .3); visibility: hidden; translate: 100% 0; transition: translate .2s, visibility .2s; }
  aside.open { visibility: visible; translate: 0 0; }
  .model { flex: 1; }
  .stats { flex-basis: 100%; }
  .actions { justify-content: end; }
}
@media (max-width: 52rem) and (prefers-reduced-motion: reduce) { aside { transition: none; } }
`;
