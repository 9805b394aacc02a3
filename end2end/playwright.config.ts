// The journeys: a real browser, the built server, a database of their own.
// `make test` runs them; alone: npx playwright test --config end2end/playwright.config.ts
import { defineConfig } from "@playwright/test";
import { port } from "./command";

const chromium = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: ".",
  outputDir: `../target/end2end/${port}/results`,
  globalSetup: "./server.ts",
  // The machine has two cores and the server needs one.
  workers: 1,
  timeout: 60_000,
  reporter: [["list"]],
  // A trace costs a third of the time: `--trace on` makes one of what failed.
  use: { launchOptions: chromium, screenshot: "only-on-failure", actionTimeout: 10_000, navigationTimeout: 15_000 },
  projects: [
    { name: "wasm", testMatch: /.*\.journey\.ts/ },
    { name: "no-scripting", testMatch: /.*\.journey\.ts/, use: { javaScriptEnabled: false } },
    { name: "pages", testMatch: /.*\.spec\.ts/ },
  ],
});
