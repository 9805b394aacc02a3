const wake = async () => {
  const module = await import("{js}");
  await module.default({ module_or_path: "{wasm}" });
  module.hydrate();
  for (const island of document.querySelectorAll("leptos-island")) {
    const start = module[island.dataset.component];
    if (start) await start(island);
    else console.warn(`No island ${island.dataset.component} in this build.`);
  }
  document.documentElement.dataset.awake = "";
};
"requestIdleCallback" in window ? requestIdleCallback(wake) : wake();
