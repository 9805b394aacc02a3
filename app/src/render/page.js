// The small conveniences of every page (menus that close, forms sent once, copy buttons, Ctrl-K)
// and the waking of its islands. The palette alone is no reason to fetch the wasm: it waits until
// somebody asks for it.
const html = document.documentElement;
const palette = document.getElementById("palette");

const load = async () => {
  const module = await import("{js}");
  await module.default({ module_or_path: "{wasm}" });
  const box = palette?.querySelector("input");
  const typed = box?.value;
  module.hydrate();
  for (const island of document.querySelectorAll("leptos-island")) {
    const start = module[island.dataset.component];
    if (start) await start(island);
    else console.warn(`No island ${island.dataset.component} in this build.`);
  }
  // Nothing that was typed while it loaded is lost.
  if (typed) {
    box.value = typed;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
};
let waking;
const wake = () =>
  (waking ??= load().catch((error) => {
    waking = undefined; // the next attempt may find the network again
    throw error;
  }));

const closeMenus = (inside) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(inside)) menu.open = false;
  }
};
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    if (!palette.open) palette.showModal();
    wake();
  } else if (event.key === "Escape") {
    closeMenus(null);
  }
});
addEventListener("click", async ({ target }) => {
  closeMenus(target);
  // A click on the backdrop is a click on the dialog itself.
  if (target === palette) palette.close();
  const button = target.closest?.("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1500);
  }
});
// It opens empty the next time, also where it was closed before it woke.
palette?.addEventListener("close", () => (palette.querySelector("input").value = ""));
addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if ("sent" in form.dataset) event.preventDefault();
  else form.dataset.sent = "";
});
// A page that comes back from the browser's memory may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

const ready = () => (html.dataset.awake = "");
if (document.querySelector("leptos-island:not(:has(#palette))")) {
  const idle = window.requestIdleCallback ?? ((then) => then());
  idle(() => wake().then(ready));
} else {
  ready();
}
