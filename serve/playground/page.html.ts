/** The playground's page; what it does is in the scripts beside it. */
export const pageHtml = /* html */ `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Quern playground</title>
  <link rel="icon" href="/playground/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/playground/style.css">
  <script type="module" src="/playground/main.js"></script>
</head>
<body>
  <header>
    <h1><img src="/playground/icon.svg" alt="" width="26" height="26">Quern</h1>
    <label class="model"><span class="visually-hidden">Model</span><select id="model"></select></label>
    <fieldset class="modes">
      <legend class="visually-hidden">What to do</legend>
      <label><input type="radio" name="mode" value="completion" checked><span>Continue</span></label>
      <label><input type="radio" name="mode" value="chat"><span>Chat</span></label>
    </fieldset>
    <button type="button" id="open-settings" class="quiet only-narrow" aria-controls="settings" aria-expanded="false">Settings</button>
  </header>

  <main>
    <p id="error" class="error" role="alert" hidden></p>
    <form id="key-form" class="key" hidden>
      <label>This server wants an API key
        <input id="key" type="password" autocomplete="off" spellcheck="false" required></label>
      <button type="submit">Use it</button>
    </form>
    <div id="transcript" class="transcript" role="region" aria-label="Text" tabindex="0">
      <p id="hint" class="hint">Write the beginning of a text; the model goes on. Each token is shaded by how
        unlikely it was: point at one, or walk through them with the arrow keys, to see what else could have come.</p>
    </div>
    <form id="composer" class="composer">
      <label for="prompt" class="visually-hidden">Prompt</label>
      <textarea id="prompt" rows="3" placeholder="Once upon a time" spellcheck="false"></textarea>
      <div class="actions">
        <p id="stats" class="stats" role="status"></p>
        <button type="button" id="regenerate" class="quiet" disabled title="Alt+R">Regenerate</button>
        <button type="button" id="stop" hidden title="Escape">Stop</button>
        <button type="submit" id="send" title="Ctrl+Enter">Generate</button>
      </div>
    </form>
  </main>

  <aside id="settings" aria-label="Settings">
    <h2>Settings <button type="button" id="close-settings" class="quiet only-narrow">Close</button></h2>
    <div id="sliders"></div>
    <label class="field">Stop at <small>one text a line, up to four</small>
      <textarea id="stop-texts" rows="2" spellcheck="false"></textarea></label>
    <label class="field chat-only">Instructions <small>the system message</small>
      <textarea id="system" rows="3" spellcheck="false"></textarea></label>
    <div class="copies">
      <button type="button" class="quiet" data-copy="text">Copy</button>
      <button type="button" class="quiet" data-copy="curl">as curl</button>
      <button type="button" class="quiet" data-copy="typescript">as TypeScript</button>
    </div>
    <p class="shortcuts"><kbd>Ctrl</kbd> <kbd>Enter</kbd> generate, <kbd>Esc</kbd> stop,
      <kbd>Alt</kbd> <kbd>R</kbd> again, <kbd>←</kbd> <kbd>→</kbd> walk through tokens</p>
    <p class="links"><a href="/docs">API</a> <a href="/metrics">Metrics</a></p>
  </aside>

  <div id="alternatives" class="alternatives" role="tooltip" hidden></div>
</body>
</html>
`;

/** A millstone. */
export const iconSvg = /* svg */ `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <circle cx="16" cy="16" r="14" fill="#b4541f"/>
  <g stroke="#fff" stroke-width="1.6" stroke-linecap="round">
    <path d="M16 10V4M21.2 13l5.2-3M21.2 19l5.2 3M16 22v6M10.8 19l-5.2 3M10.8 13l-5.2-3"/>
  </g>
  <circle cx="16" cy="16" r="3.6" fill="#fff"/>
</svg>
`;
