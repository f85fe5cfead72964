// The page of `clf serve`. Texts, labels and messages may be hostile: they are only ever set as text, never as HTML.
"use strict";

const FIRST = 10; // bars shown before all are asked for
const MANY = 12; // labels that are shown without being asked for
const LONG = 100_000; // bytes of a body that some systems no longer take as one argument of a command
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{NChar}]/gu; // as in clf's own reports
const TROUBLES = {
  0: "The server cannot be reached. Is it still running?",
  401: "This server asks for a token.",
  408: "The server did not get the whole text in time.",
  413: "The server does not take that much text.",
  421: "The server does not answer under the name in the address of this page.",
  422: "The server could not use this request.",
  429: "The server has too much to do.",
  431: "The request is too large for the server. A shorter token or fewer cookies may help.",
  500: "The server failed on this text. Its log may say more.",
  502: "The proxy in front of the server got no answer from it.",
  503: "The server is not ready: it is starting or stopping, or its model has failed.",
  504: "The proxy in front of the server waited too long for its answer.",
};

/** What went wrong with a request: its status (0: no connection), the server's own words, and how long to wait. */
class Trouble extends Error {
  constructor(status, body = null, wait = null) {
    super(typeof body?.error === "string" ? body.error : "");
    Object.assign(this, { status, hint: typeof body?.hint === "string" ? body.hint : "", wait });
  }
}

const state = {
  info: null,
  token: "", // in memory only
  asked: false, // whether the server has asked for a token
  unanswered: false, // whether a text still waits for the token
  answered: null, // the text that the answer is for
  stop: null, // ends the request that is under way
  later: null, // the timer that says when to try again
};

const part = (id) => document.getElementById(id);
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// Words and numbers

/** Make characters visible that are not, or that turn the direction of what follows. */
const safe = (text) =>
  text.replace(INVISIBLE, (found) =>
    "\n\u200c\u200d".includes(found) ? found : `\\u{${found.codePointAt(0).toString(16)}}`);

const shownName = (label) =>
  label.trim() === "" ? make("bdi", { className: "nameless" }, "(empty name)") : make("bdi", {}, safe(label));

const nameList = (labels) => make("ul", { className: "names" }, ...labels.map((label) => make("li", {}, shownName(label))));

const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

const inWords = (limit) => limit.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 });

/** Round a probability to three digits, or to as many as it takes to tell it from a threshold that it is below. */
function rounded(value, threshold = null) {
  const short = value.toFixed(3);
  return threshold !== null && value < threshold && Number(short) >= threshold ? String(value) : short;
}

function secondsOf(header) {
  if (header === null) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(1, Math.ceil(seconds)), 86_400) : null;
}

function took(milliseconds) {
  const shown = milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  return `The answer took ${shown}, network included.`;
}

function tokensInWords(read, cut) {
  if (cut === 0) return `The model read all of the text: ${count(read, "token")}.`;
  const all = (read + cut).toLocaleString("en");
  return `The model read the first ${read.toLocaleString("en")} of ${all} tokens; the last ${cut.toLocaleString("en")} were cut off.`;
}

// The server

/** Ask the server and return the JSON of its answer; raises a Trouble, or AbortError if a newer request came. */
async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (state.token) headers.Authorization = `Bearer ${state.token}`;
  let answer;
  let body = null;
  try {
    answer = await fetch(path, { ...options, headers, cache: "no-store" });
    body = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (!(error instanceof SyntaxError)) throw new Trouble(0);
    // what is not JSON is not from clf, but from a proxy, say: its status has to do
  }
  if (!answer.ok) throw new Trouble(answer.status, body, secondsOf(answer.headers.get("Retry-After")));
  if (body === null || typeof body !== "object") throw new Trouble(answer.status);
  return body;
}

async function loadInfo() {
  const info = await ask("info");
  if (!Array.isArray(info.labels)) throw new Trouble(200);
  state.info = { ...info, thresholds: info.thresholds && new Map(Object.entries(info.thresholds)) };
  showInfo(state.info);
}

async function classify() {
  const text = part("text").value;
  state.stop?.abort();
  state.stop = new AbortController();
  const { signal } = state.stop;
  state.unanswered = true;
  clearTimeout(state.later);
  document.querySelector(".answer").classList.add("waiting");
  try {
    if (!state.info) await loadInfo();
    const body = JSON.stringify({ inputs: text, details: true });
    const start = performance.now();
    const answer = await ask("predict", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
    if (!Array.isArray(answer.scores)) throw new Trouble(200);
    showAnswer(answer, performance.now() - start);
    Object.assign(state, { unanswered: false, answered: text });
    showStale();
  } catch (error) {
    if (signal.aborted) return;
    showTrouble(error);
  }
  document.querySelector(".answer").classList.remove("waiting");
  showCalls(text);
}

// What is shown

function showInfo(info) {
  const name = safe(info.model) || "clf serve";
  part("model").replaceChildren(make("bdi", {}, name));
  document.title = `${name} · clf serve`;
  const gives = `${info.multi_label ? "any number of" : "one of"} ${count(info.labels.length, "label")}`;
  const silent = info.threshold === null ? "" : ` It abstains if its confidence is below ${inWords(info.threshold)}.`;
  part("about").textContent = `Gives each text ${gives}, and reads its first ${count(info.max_length, "token")}.${silent}`;
  const names = nameList(info.labels);
  const many = info.labels.length > MANY;
  if (many) Object.assign(names, { className: "names many", tabIndex: 0, ariaLabel: "Labels" });
  Object.assign(part("labels"), { hidden: false, open: !many }).replaceChildren(part("labels-title"), names);
  part("made-by").textContent = `clf ${safe(info.version)}, ${safe(info.device)}, ${safe(info.precision)}`;
}

function showAnswer(answer, passed) {
  const limit = state.info.threshold;
  const best = [...answer.scores].sort((one, other) => other.score - one.score);
  const labels = Array.isArray(answer.label) ? answer.label : [answer.label];
  const tone = answer.error || answer.abstained ? "unsure" : labels.length ? "given" : "";
  const figure = () => make("span", { className: "figure" }, rounded(answer.confidence, answer.abstained ? limit : null));
  const of = state.info.multi_label ? "Confidence in the whole answer: " : "Confidence: ";
  const confidence = answer.confidence === null ? [] : [make("p", {}, of, figure())];
  const silent = `Abstained: below the threshold ${limit === null ? "" : inWords(limit)}`.trim();
  const lead =
    answer.error ? make("p", { className: "lead" }, `No answer: ${safe(answer.error)}`) :
    answer.abstained ? make("p", { className: "lead" }, silent) :
    labels.length === 0 ? make("p", { className: "lead" }, "None of the labels") :
    state.info.multi_label ? make("div", { className: "lead" }, nameList(labels)) :
    make("p", { className: "lead" }, shownName(labels[0]));
  const facts = answer.error ? [] : [tokensInWords(answer.tokens, answer.tokens_cut)];
  const below = [...facts, took(passed)].map((fact) => make("p", { className: "soft" }, fact));
  part("trouble").replaceChildren();
  part("verdict").replaceChildren(make("div", { className: `card ${tone}` }, lead, ...confidence, ...below));
  showBars(best, answer.abstained || answer.error ? new Set() : new Set(labels));
}

function showBars(best, chosen) {
  const { thresholds, threshold, multi_label: several } = state.info;
  const limitOf = (label, place) => (thresholds ? thresholds.get(label) ?? null : !several && place === 0 ? threshold : null);
  const bars = best.map(({ label, score }, place) => bar(label, score, limitOf(label, place), chosen.has(label), several));
  const extra = bars.filter((each, place) => place >= FIRST && !each.classList.contains("chosen"));
  const show = (all) => {
    for (const each of extra) each.hidden = !all;
    part("more").setAttribute("aria-expanded", String(all));
    part("more").textContent = all ? "Show the best only" : `Show all ${count(best.length, "label")}`;
  };
  show(false);
  part("more").hidden = extra.length === 0;
  part("more").onclick = () => show(part("more").getAttribute("aria-expanded") === "false");
  part("marks").hidden = !thresholds && (several || threshold === null);
  part("marks").textContent = thresholds
    ? "A label is predicted if its score reaches its threshold, the mark on its bar."
    : "The mark on the first bar is the threshold: the model abstains below it.";
  part("bars").replaceChildren(...bars);
  part("scores").hidden = best.length === 0;
}

function bar(label, score, limit, chosen, several) {
  const track = make("span", { className: "track", ariaHidden: "true" });
  track.append(make("span"));
  track.firstChild.style.width = `${100 * score}%`;
  const right = make("span", { className: "figure" });
  if (limit !== null) {
    track.append(make("i"));
    track.lastChild.style.left = `${100 * limit}%`;
    right.append(make("span", { className: "limit" }, `threshold ${inWords(limit)}`), " ");
  }
  right.append(make("span", { className: "score" }, rounded(score, chosen ? null : limit)));
  const given = chosen && several ? [make("span", { className: "unseen" }, " (predicted)")] : [];
  return make("li", { className: chosen ? "chosen" : "" }, make("span", {}, shownName(label), ...given), right, track);
}

/** Say when the text is no longer the one that the answer is for. */
function showStale() {
  part("stale").hidden = state.answered === null || part("text").value === state.answered;
}

function showTrouble(error) {
  if (!(error instanceof Trouble)) {
    console.error(error);
    error = new Trouble(200);
  }
  if ([0, 502, 503, 504].includes(error.status)) state.info = null; // it may come back with another model
  if (error.status === 401) return askForToken();
  const known =
    error.status < 400 && error.status > 0 ? "This is not the answer of a clf server." :
    TROUBLES[error.status] ?? `The server answered with an error (${error.status}).`;
  const told = error.wait === null ? [error.message, error.hint] : [error.message]; // the hint would only repeat the wait
  const lines = told.filter(Boolean).map((line) => make("p", {}, make("bdi", {}, sentence(safe(line)))));
  const moment = error.wait === null ? "a moment" : count(error.wait, "second");
  const passing = error.wait !== null || [408, 429, 503].includes(error.status);
  const again = make("p", { className: "figure" }, passing ? `Try again in ${moment}.` : "");
  if (error.wait !== null) state.later = setTimeout(() => (again.textContent = "You can try again now."), 1000 * error.wait);
  part("verdict").replaceChildren();
  part("scores").hidden = true;
  state.answered = null;
  showStale();
  part("trouble").replaceChildren(make("div", { className: "card bad" }, make("p", { className: "lead" }, known), ...lines, again));
}

function askForToken() {
  const refused = state.token !== "";
  Object.assign(state, { asked: true, token: "" });
  part("token-help").textContent = refused ? "The server did not accept this token." : TROUBLES[401];
  part("ask-token").hidden = false;
  part("token").focus();
  part("token").select();
}

async function useToken() {
  const token = part("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    part("token-help").textContent = "A token is made of ASCII letters, digits and punctuation, without spaces.";
    return;
  }
  state.token = token;
  try {
    await loadInfo();
  } catch (error) {
    return showTrouble(error);
  }
  part("token").value = "";
  part("ask-token").hidden = true;
  part("trouble").replaceChildren();
  part("text").focus();
  if (state.unanswered) await classify();
}

// The same call in a shell and in Python

/** Escape what cannot be seen in a literal of JSON, so that the lines can be read, copied and pasted. */
const escapeForJson = (literal) =>
  literal.replace(INVISIBLE, (found) =>
    found.split("").map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""));

/** The same for Python, which takes two escaped halves of a character for two characters. */
const escapeForPython = (literal) =>
  literal.replace(INVISIBLE, (found) => `\\U${found.codePointAt(0).toString(16).padStart(8, "0")}`);

const quoteForShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curlLine(address, text, token) {
  const body = escapeForJson(JSON.stringify({ inputs: text, details: true }));
  const shown = token ? ['-H "Authorization: Bearer $CLF_SERVE_TOKEN"'] : [];
  const lines = ["curl " + quoteForShell(address), ...shown, "-H 'Content-Type: application/json'"];
  if (new Blob([body]).size < LONG) return [...lines, "-d " + quoteForShell(body)].join(" \\\n  ");
  return [...lines, "--data-binary @- <<'END_OF_BODY'"].join(" \\\n  ") + `\n${body}\nEND_OF_BODY`;
}

function pythonLines(address, text, token) {
  const literal = (value) => escapeForPython(JSON.stringify(value));
  return [
    token ? "import json\nimport os" : "import json",
    "import urllib.request\n",
    `text = ${literal(text)}`,
    "request = urllib.request.Request(",
    `    ${literal(address)},`,
    '    json.dumps({"inputs": text, "details": True}).encode(),',
    token
      ? '    {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["CLF_SERVE_TOKEN"]},'
      : '    {"Content-Type": "application/json"},',
    ")",
    "with urllib.request.urlopen(request) as answer:",
    "    print(json.load(answer))",
  ].join("\n");
}

function showCalls(text) {
  const address = new URL("predict", document.baseURI).href;
  part("curl").textContent = curlLine(address, text, state.asked);
  part("python").textContent = pythonLines(address, text, state.asked);
  part("token-note").hidden = !state.asked;
  part("calls").hidden = false;
}

/** Copy the text of an element; without the clipboard, which needs HTTPS or this machine, through the selection. */
async function copy(id) {
  const shown = part(id);
  let done = true;
  try {
    await navigator.clipboard.writeText(shown.textContent);
  } catch {
    getSelection().selectAllChildren(shown);
    done = document.execCommand("copy");
  }
  const say = (onButton, aloud) => ((part(`copy-${id}`).textContent = onButton), (part("copied").textContent = aloud));
  const said = done ? "Copied" : "Selected: copy with Ctrl + C";
  say(said, said);
  setTimeout(() => say("Copy", ""), 3000);
}

// What people do

const submitted = (form, action) =>
  part(form).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
submitted("ask", classify);
submitted("ask-token", useToken);
part("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  classify();
});
part("text").addEventListener("input", showStale);
for (const id of ["curl", "python"]) part(`copy-${id}`).addEventListener("click", () => copy(id));
loadInfo().catch(showTrouble);
