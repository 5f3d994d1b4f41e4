// Dialogs in the place of pages that ask, and buttons that copy.
export function listen() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) {
      event.preventDefault();
      dialog.showModal();
    }
  });
  // Only a page that came over TLS, or from this machine, may write there.
  document.documentElement.classList.toggle("copies", Boolean(navigator.clipboard));
  document.addEventListener("click", (event) => {
    const lines = event.target.closest("[data-copies-lines]")?.parentElement.querySelectorAll("code");
    if (lines) navigator.clipboard.writeText([...lines].map((line) => line.textContent).join("\n"));
  });
  // A second click while the server is at work would ask again.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.target.method === "post" && button) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  });
}
