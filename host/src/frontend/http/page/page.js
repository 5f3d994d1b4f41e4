// The web page is a client of the API like any other. The token stays in this tab.
"use strict";

const byId = (id) => document.getElementById(id);
const inProgress = (job) => ["queued", "running"].includes(job.state);
const show = (element, visible) => { element.hidden = !visible; };
const token = {
  get: () => sessionStorage.getItem("token"),
  set: (value) => sessionStorage.setItem("token", value),
  clear: () => sessionStorage.removeItem("token"),
};
let timer;

async function ask(method, path) {
  const response = await fetch(path, { method, headers: { Authorization: `Bearer ${token.get()}` }, cache: "no-store" });
  if (response.ok) return response.json();
  const body = await response.json().catch(() => ({ error: `the sidecar answered ${response.status}` }));
  throw Object.assign(new Error([body.error, body.hint].filter(Boolean).join(": ")), { status: response.status });
}

function showError(error) {
  if (error?.status === 401) signOut();
  byId("problem").textContent = error?.message ?? "";
  show(byId("problem"), Boolean(error));
}

// Does some work, shows its error, and returns whether there was none.
async function attempt(work) {
  try {
    await work();
    showError(null);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes > 0 ? Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1) : 0;
  return `${(bytes / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

// Each run has one row as long as it is listed, so that a button does not lose the focus.
const rows = new Map();

function row(job) {
  if (!rows.has(job.id)) rows.set(job.id, byId("job").content.firstElementChild.cloneNode(true));
  const row = rows.get(job.id);
  const cell = (name) => row.querySelector(name);
  const started = job.started_at ?? job.queued_at;
  cell("time").dateTime = started;
  cell("time").textContent = new Date(started).toLocaleString();
  cell(".state").textContent = job.state;
  cell(".state").className = `state ${job.state}`;
  const note = (text) => {
    const small = document.createElement("small");
    small.textContent = text;
    cell(".state").append(small);
  };
  if (job.phase) note(`stopped; ${job.phase} runs`);
  if (job.error) note([job.error.message, job.error.hint].filter(Boolean).join(": "));
  for (const omission of job.artifact?.omissions ?? []) note(`without ${omission.what}: ${omission.message}`);
  cell(".size").textContent = job.bytes ? size(job.bytes) : "";
  const time = job.duration_ms ?? job.progress?.elapsed_ms;
  cell(".took").textContent = time === undefined ? "" : duration(time);
  // Of several strategies which one, or the set of them.
  const of = job.member ?? (job.set_id ? "set" : null);
  cell(".by").textContent = [of, job.asked_by].filter(Boolean).join(", ");
  const over = !inProgress(job);
  show(cell(".cancel"), !over);
  cell(".cancel").onclick = () => attempt(async () => { await ask("DELETE", job.status_url); await refresh(); });
  // A browser cannot send the token with a download, and an artifact may be larger than its memory.
  show(cell("details"), over && job.download_url);
  cell("code").textContent = `curl -fOJ -H "Authorization: Bearer $BACKUP_API_TOKEN" ${location.origin}${job.download_url}`;
  return row;
}

async function refresh() {
  clearTimeout(timer);
  const { jobs } = await ask("GET", "/backup/jobs?limit=50");
  const list = jobs.map(row);
  const old = byId("jobs").children;
  if (list.length !== old.length || list.some((row, at) => row !== old[at])) byId("jobs").replaceChildren(...list);
  show(byId("none"), jobs.length === 0);
  const ready = await fetch("/readyz", { cache: "no-store" });
  byId("ready").textContent = ready.ok ? "ready" : `not ready: ${(await ready.text()).trim()}`;
  byId("ready").className = ready.ok ? "ok" : "not-ok";
  timer = setTimeout(() => attempt(refresh), jobs.some(inProgress) ? 1000 : 10000);
}

async function signIn() {
  const capabilities = await ask("GET", "/backup/capabilities");
  byId("capabilities").textContent = capabilities.types.join(", ");
  await refresh();
  show(byId("sign-in"), false);
  show(byId("inside"), true);
  show(byId("sign-out"), true);
}

function signOut() {
  clearTimeout(timer);
  token.clear();
  rows.clear();
  byId("jobs").replaceChildren();
  byId("ready").textContent = "";
  show(byId("inside"), false);
  show(byId("sign-out"), false);
  show(byId("sign-in"), true);
}

byId("sign-in").onsubmit = (event) => {
  event.preventDefault();
  token.set(byId("token").value);
  byId("token").value = "";
  attempt(signIn);
};
byId("sign-out").onclick = () => { signOut(); showError(null); };
byId("start").onclick = () => attempt(async () => { await ask("POST", "/backup/run"); await refresh(); });
if (token.get()) attempt(signIn);
