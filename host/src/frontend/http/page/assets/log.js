// The log of a run: lines come while it runs, and can be copied.
const INTERVAL = 1_000;

export function followLog() {
  const log = document.getElementById("log");
  if (!log) return;
  const copy = document.querySelector("[data-copies=log]");
  // Only a page that came over TLS, or from this machine, may write there.
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", () => navigator.clipboard.writeText(log.innerText));
  }
  if ("ended" in log.dataset) return;
  const timer = setInterval(async () => {
    if (document.hidden) return;
    // Read first: what a run says last is there when it has ended.
    const over = !document.querySelector("[data-run]");
    try {
      const answer = await fetch(`${log.dataset.log}?after=${log.dataset.next}`, { cache: "no-store" });
      if (answer.ok) add(log, await answer.json());
      if (over) clearInterval(timer);
    } catch {
      // The next second tries again.
    }
  }, INTERVAL);
}

function add(log, said) {
  log.dataset.next = said.next;
  for (const line of said.lines) {
    const row = document.createElement("div");
    const time = document.createElement("span");
    time.className = "muted";
    time.textContent = `${line.at.slice(11, 19)}Z`;
    row.append(time, ` ${line.source}: ${line.text}`);
    log.append(row);
  }
  if (said.lines.length && document.getElementById("follow-log")?.checked) log.scrollTop = log.scrollHeight;
}
