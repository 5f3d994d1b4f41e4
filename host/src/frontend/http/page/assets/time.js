// Moments are written in UTC; the reader's own time is added, with the name of its zone.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const local = new Intl.DateTimeFormat(document.documentElement.lang, {
  weekday: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});

export function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.title = local.format(at);
    if (zone !== "UTC" && !time.nextElementSibling?.matches(".local")) {
      const own = document.createElement("span");
      own.className = "local muted";
      own.textContent = ` (${local.format(at)})`;
      time.append(own);
    }
  }
}
