// The page: a client of the same API as every other. The token stays in this tab.
"use strict";

const the = (id) => document.getElementById(id);
const busy = (job) => ["queued", "running"].includes(job.state);
const show = (element, visible) => { element.hidden = !visible; };
const token = {
  get: () => sessionStorage.getItem("token"),
  set: (value) => sessionStorage.setItem("token", value),
  clear: () => sessionStorage.removeItem("token"),
};
let timer;

async function ask(method, path) {
  const answer = await fetch(path, { method, headers: { Authorization: `Bearer ${token.get()}` }, cache: "no-store" });
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({ error: `the sidecar answered ${answer.status}` }));
  throw Object.assign(new Error([said.error, said.hint].filter(Boolean).join(": ")), { status: answer.status });
}

function complain(error) {
  if (error?.status === 401) signOut();
  the("problem").textContent = error?.message ?? "";
  show(the("problem"), Boolean(error));
}

// Shows what went wrong, and whether anything did.
async function trying(work) {
  try {
    await work();
    complain(null);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes > 0 ? Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1) : 0;
  return `${(bytes / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

function took(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

// Rows stay where they are while their run goes on, so that a button keeps the focus.
const rows = new Map();

function row(job) {
  if (!rows.has(job.id)) rows.set(job.id, the("job").content.firstElementChild.cloneNode(true));
  const row = rows.get(job.id);
  const cell = (name) => row.querySelector(name);
  const started = job.started_at ?? job.queued_at;
  cell("time").dateTime = started;
  cell("time").textContent = new Date(started).toLocaleString();
  cell(".state").textContent = job.state;
  cell(".state").className = `state ${job.state}`;
  if (job.error) {
    const why = document.createElement("small");
    why.textContent = [job.error.message, job.error.hint].filter(Boolean).join(": ");
    cell(".state").append(why);
  }
  cell(".size").textContent = job.bytes ? size(job.bytes) : "";
  const time = job.duration_ms ?? job.progress?.elapsed_ms;
  cell(".took").textContent = time === undefined ? "" : took(time);
  cell(".by").textContent = job.asked_by;
  const over = !busy(job);
  show(cell(".cancel"), !over);
  cell(".cancel").onclick = () => trying(async () => { await ask("DELETE", job.status_url); await refresh(); });
  // A browser cannot send the token with a download, and an artifact may be larger than its memory.
  show(cell("details"), over && job.download_url);
  cell("code").textContent = `curl -fOJ -H "Authorization: Bearer $BACKUP_API_TOKEN" ${location.origin}${job.download_url}`;
  return row;
}

async function refresh() {
  clearTimeout(timer);
  const { jobs } = await ask("GET", "/backup/jobs?limit=50");
  const list = jobs.map(row);
  const old = the("jobs").children;
  if (list.length !== old.length || list.some((row, at) => row !== old[at])) the("jobs").replaceChildren(...list);
  show(the("none"), jobs.length === 0);
  const ready = await fetch("/readyz", { cache: "no-store" });
  the("ready").textContent = ready.ok ? "ready" : `not ready: ${(await ready.text()).trim()}`;
  the("ready").className = ready.ok ? "ok" : "not-ok";
  timer = setTimeout(() => trying(refresh), jobs.some(busy) ? 1000 : 10000);
}

async function enter() {
  const can = await ask("GET", "/backup/capabilities");
  the("capabilities").textContent = can.types.join(", ");
  await refresh();
  show(the("sign-in"), false);
  show(the("inside"), true);
  show(the("sign-out"), true);
}

function signOut() {
  clearTimeout(timer);
  token.clear();
  rows.clear();
  the("jobs").replaceChildren();
  the("ready").textContent = "";
  show(the("inside"), false);
  show(the("sign-out"), false);
  show(the("sign-in"), true);
}

the("sign-in").onsubmit = (event) => {
  event.preventDefault();
  token.set(the("token").value);
  the("token").value = "";
  trying(enter);
};
the("sign-out").onclick = () => { signOut(); complain(null); };
the("start").onclick = () => trying(async () => { await ask("POST", "/backup/run"); await refresh(); });
if (token.get()) trying(enter);
