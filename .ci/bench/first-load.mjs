// Opens pages in a fresh Chromium each and adds up what comes over the wire.
import { createRequire } from "node:module";
const { chromium } = createRequire(`${process.cwd()}/package.json`)("playwright");
const { BASE, COOKIE, CHROMIUM = "/usr/bin/chromium" } = process.env;
const [name, value] = COOKIE.split(/=(.*)/s);
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const KINDS = ["html", "css", "js", "wasm", "font", "other"];

const kind = (type) =>
  /html/.test(type) ? "html" : /css/.test(type) ? "css" : /javascript/.test(type) ? "js" : /wasm/.test(type) ? "wasm" : /font/.test(type) ? "font" : "other";

async function measure(label, path, use = async () => {}) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  const context = await browser.newContext();
  await context.addCookies([{ name, value, url: BASE }]);
  const page = await context.newPage();
  const answers = [];
  page.on("requestfinished", (request) => answers.push(request));
  await page.goto(BASE + path, { waitUntil: "networkidle" });
  await page.locator("html[data-awake]").waitFor();
  await use(page);
  await page.waitForLoadState("networkidle");
  const sum = Object.fromEntries(KINDS.map((k) => [k, 0]));
  for (const request of answers) {
    const headers = await (await request.response()).allHeaders();
    const { responseBodySize } = await request.sizes();
    sum[kind(headers["content-type"] ?? "")] += responseBodySize;
  }
  const all = Object.values(sum).reduce((a, b) => a + b);
  const figures = [...KINDS.map((k) => sum[k]), all].map((n) => n.toLocaleString("en"));
  console.log(`| ${label} | ${figures.join(" | ")} |`);
  await browser.close();
}

await measure("search: near Boston, contains 42", "/search?near=Boston&digits=42");
await measure("numbers", "/numbers");
await measure("numbers, then Ctrl-K", "/numbers", async (page) => {
  const wasm = page.waitForResponse((answer) => answer.url().includes(".wasm"));
  await page.keyboard.press("Control+k");
  await (await wasm).finished();
});
