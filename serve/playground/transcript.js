/** Text on the page: tokens shaded by their probability, with what else could have come. */
const box = document.getElementById("alternatives");

/** Adds a text to the transcript; all that a model wrote enters as text, never as markup. */
export class TextView {
  constructor(transcript, kind) {
    this.element = document.createElement("p");
    this.element.className = "text " + kind;
    this.transcript = transcript;
    transcript.append(this.element);
  }

  /** Adds text that no model wrote. */
  prompt(text) {
    const span = document.createElement("span");
    span.className = "prompt";
    span.textContent = text;
    this.element.append(span);
  }

  /** Adds a token. */
  token(token) {
    const atEnd =
      this.transcript.scrollHeight - this.transcript.scrollTop - this.transcript.clientHeight < 40;
    const span = document.createElement("span");
    span.textContent = token.text;
    if (token.logprob !== undefined && token.logprob !== null) {
      span.className = "token";
      // One token at a time is a stop of the Tab key; the arrow keys walk.
      span.tabIndex = this.element.querySelector(".token") ? -1 : 0;
      // 0 for what was sure to come, 1 from e⁻⁵ on: about one in 150.
      span.style.setProperty("--surprise", String(Math.min(1, -token.logprob / 5)));
      span.token = token;
    }
    this.element.append(span);
    if (atEnd) this.transcript.scrollTop = this.transcript.scrollHeight;
  }

  set writing(on) {
    this.element.classList.toggle("writing", on);
  }

  /** What the model wrote. */
  get text() {
    return [...this.element.children].filter((span) => span.className !== "prompt")
      .map((span) => span.textContent).join("");
  }

  remove() {
    this.element.remove();
  }
}

/** Lets a pointer or the arrow keys show a token's alternatives. */
export function followTokens(transcript) {
  const show = (event) => event.target.token && showAlternatives(event.target);
  transcript.addEventListener("pointerover", show);
  transcript.addEventListener("focusin", show);
  transcript.addEventListener("pointerout", hide);
  transcript.addEventListener("focusout", hide);
  transcript.addEventListener("scroll", hide);
  transcript.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !event.target.token) return;
    const tokens = [...transcript.querySelectorAll(".token")];
    const next = tokens[tokens.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

function hide() {
  box.hidden = true;
}

function showAlternatives(span) {
  const { text, logprob, top = [] } = span.token;
  const rows = top.some(([other]) => other === text) ? top : [...top, [text, logprob]];
  const list = document.createElement("ol");
  for (const [other, score] of rows) {
    const item = document.createElement("li");
    const share = Math.exp(score);
    if (other === text) item.className = "chosen";
    item.style.setProperty("--share", String(share));
    const code = document.createElement("code");
    code.textContent = visible(other);
    const percent = document.createElement("output");
    percent.textContent = (100 * share).toFixed(share < 0.1 ? 2 : 1) + " %";
    item.append(code, percent);
    list.append(item);
  }
  box.replaceChildren(list);
  box.hidden = false;
  const place = span.getClientRects()[0];
  const below = place.bottom + 6 + box.offsetHeight < innerHeight;
  box.style.left = Math.max(8, Math.min(place.left, innerWidth - box.offsetWidth - 8)) + "px";
  box.style.top = (below ? place.bottom + 6 : Math.max(8, place.top - 6 - box.offsetHeight)) + "px";
}

/** A token with its white space to be seen. */
const visible = (text) =>
  text.replaceAll(" ", "\u2423").replaceAll("\n", "\u23ce").replaceAll("\t", "\u21e5");
