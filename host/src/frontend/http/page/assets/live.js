// Keeps the screen true: one stream of beats; what changed is fetched as HTML and put in place.
import { showLocalTimes } from "./time.js";

// The server sends a beat every second; without one for this long, the screen may be wrong.
const LOST_AFTER = 10_000;

let version;
let source;
let lastBeat;
let refreshing = false;

export function watch() {
  const url = document.body.dataset.events;
  if (!url) return;
  const open = () => {
    lastBeat = Date.now();
    source = new EventSource(url);
    source.addEventListener("beat", (event) => heard(JSON.parse(event.data)));
  };
  const close = () => { source?.close(); source = undefined; };
  // A browser has six connections for a server: a tab that is not seen gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!source) { open(); refresh(); }
  });
  addEventListener("pagehide", close);
  if (!document.hidden) open();
  setInterval(() => {
    if (document.hidden) return;
    show(Date.now() - lastBeat > LOST_AFTER);
    if (source?.readyState === EventSource.CLOSED) { const since = lastBeat; close(); open(); lastBeat = since; }
  }, 1000);
}

function show(lost) {
  document.documentElement.classList.toggle("lost", lost);
  document.getElementById("lost").hidden = !lost;
}

function heard(beat) {
  const wasLost = document.documentElement.classList.contains("lost");
  lastBeat = Date.now();
  show(false);
  document.getElementById("as-of").textContent = beat.as_of;
  for (const run of beat.runs) {
    for (const shown of document.querySelectorAll(`[data-run="${CSS.escape(run.id)}"]`)) progress(shown, run);
  }
  // A run may have gone on since the screen was rendered.
  const moving = beat.runs.length > 0 || document.querySelector("[data-run]");
  version ??= document.body.dataset.version ?? (moving ? "" : beat.version);
  if (wasLost || version !== beat.version) refresh(beat.version);
}

function progress(shown, run) {
  shown.querySelector(".line").textContent = run.line;
  const bar = shown.querySelector("progress");
  if (run.percent === null) bar.removeAttribute("value");
  else bar.value = run.percent;
}

// Replaces each live element that differs; focus stays. What a dialog asks about is not taken from under it: the next
// beat after it tries again.
async function refresh(seen = version) {
  if (refreshing || document.querySelector("dialog[open]")) return;
  refreshing = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.getElementById("token")) return location.reload();
    if (document.querySelector("dialog[open]")) return;
    document.title = fresh.title;
    const icon = (from) => from.querySelector("link[rel=icon]");
    icon(document).href = icon(fresh).getAttribute("href");
    for (const old of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(old.id);
      if (next && shape(next) !== shape(old)) replace(old, document.adoptNode(next));
    }
    version = seen;
  } catch {
    // The next beat, or its absence, says how the server is.
  } finally {
    refreshing = false;
  }
}

// What an element shows, but for what beats and the reader's clock write into it: nothing is replaced under a pointer
// because of that.
function shape(element) {
  const copy = element.cloneNode(true);
  for (const moving of copy.querySelectorAll(".local, .progress .line, .progress .note, progress")) moving.remove();
  for (const time of copy.querySelectorAll("time")) time.removeAttribute("title");
  for (const details of copy.querySelectorAll("details")) details.open = false;
  return copy.innerHTML;
}

function replace(old, next) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const open = [...old.querySelectorAll("details")].map((details) => details.open);
  next.querySelectorAll("details").forEach((details, at) => { details.open = open[at] ?? details.open; });
  showLocalTimes(next);
  // The element itself stays, so that what a screen reader announces does.
  old.replaceChildren(...next.childNodes);
  if (!focused) return;
  const href = focused.getAttribute("href");
  const same = focused.id ? document.getElementById(focused.id) : href && old.querySelector(`[href="${CSS.escape(href)}"]`);
  (same ?? document.getElementById("main")).focus();
}
