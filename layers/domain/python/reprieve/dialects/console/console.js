// Moments in the reader's zone, with UTC on hover; and the answer's heading in focus once it has come.
(() => {
  const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const localize = () => {
    for (const it of document.querySelectorAll("time:not([title])")) {
      it.title = it.textContent;
      it.textContent = shown.format(new Date(it.dateTime));
    }
  };
  localize();
  new MutationObserver(localize).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("htmx:after:swap", (event) => {
    const ctx = event.detail?.ctx;
    // what is asked by itself, again and again, leaves the focus where it is
    if (ctx?.request?.method === "POST" && !ctx.sourceElement?.matches("[hx-trigger^='every']")) document.querySelector("#answer [tabindex='-1']")?.focus();
  });
})();
