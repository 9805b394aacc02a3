// Every page: light and dark, wide and narrow, nothing for axe to find, no sideways scrolling, no
// complaint of the browser. First as somebody new sees it, then with something on it.
// Which pages there are is read from the table of rights: one that is not visited fails.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { administrator, drift, root, voxlink } from "./command";
import { base, complaints, hasContrast, isSound, register, signIn } from "./person";
import { awake, drawPlan, holdTwo, openNumber, payFromCredit, topUp, zone } from "./shop";
import { moment, today, workingDay } from "./time";

const OPEN = ["/", "/sign-in", "/register", "/forgot", "/reset?token=x", "/verify?token=x", "/help"];
const SIGNED_IN = (
  process.env.E2E_PAGES ??
  "/,/search,/search?country=US&digits=42&near=Boston,/search?near=Nowhere+at+all,/cart,/checkout,/numbers,/numbers/bulk,/numbers/bulk/new,/campaigns,/campaigns?archived=1,/orders,/billing,/billing/address,/billing/usage,/billing/statement,/billing/invoices,/billing/invoices/next,/calls,/billing/top-up,/notifications,/settings,/settings/devices,/settings/people"
).split(",");
const STAFF = ["/admin", "/admin/accounts", "/admin/orders", "/admin/numbers", "/admin/drift", "/admin/audit", "/admin/jobs", "/admin/settings", "/admin/carriers", "/admin/carriers/local", "/admin/carriers/twilio", "/admin/trunks", "/admin/edges", "/style-guide"];

/** What is asked with GET and is no page, by its address in the table of rights. */
const NO_PAGE: [address: RegExp, why: string][] = [
  [/(\.csv|\/export|\/pdf|\.css)$/, "a file"],
  [/^\/(health\/live|health\/ready|metrics)$/, "for machines"],
  [/^\/find$/, "the palette's answers, which its test below sees"],
  [/^\/payments\/\{id\}\/return$/, "leads on to the order or the balance"],
];

type State = Awaited<ReturnType<BrowserContext["storageState"]>>;
/** Somebody with numbers, a plan, calls, an invoice and a cart; an administrator; their pages. */
let customer: State;
let staff: State;
const open: string[] = [...OPEN];
const filled: string[] = [];
const administered: string[] = [...STAFF];

const address = async (page: Page, link: string) => (await page.locator(`main a[href^='${link}']`).first().getAttribute("href")) ?? "";

/** Invites somebody; the address of the link that is handed over. */
async function invite(page: Page): Promise<string> {
  await page.goto(base() + "/settings/people");
  await page.getByLabel("E-mail address").fill(`bo.${Date.now()}@example.com`);
  await page.getByLabel("How").selectOption("link");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const told = /\/invitation\?token=[\w.~-]+/.exec(await page.locator("main").getByText("/invitation?token=").first().innerText());
  if (!told) throw new Error("No link of the invitation");
  return told[0];
}

/** The pages about people, of carrying out something for many numbers, and a card's. */
async function fillTheRest(page: Page): Promise<void> {
  open.push(await invite(page));
  await page.goto(base() + "/settings/people");
  filled.push("/settings/people", await address(page, "/settings/people/usr_"));
  await page.goto(base() + "/help");
  open.push(...(await page.locator("main a[href^='/help/']").evaluateAll((all) => all.map((a) => a.getAttribute("href") ?? ""))));
  filled.push(...["tag", "suspend", "release"].map((action) => `/numbers/bulk?do=${action}&all=1`));
  await page.goto(base() + "/numbers/bulk?do=tag&all=1");
  await page.getByLabel("Tags").fill("front desk");
  await page.locator("main form button[type=submit]").click();
  await expect(page).toHaveURL(/\/numbers\/bulk\/\w+/);
  filled.push(new URL(page.url()).pathname);
  await page.goto(base() + "/billing/top-up");
  await page.getByLabel("Amount", { exact: true }).selectOption({ label: "$50.00" });
  await page.getByRole("button", { name: "Go to payment" }).click();
  await expect(page).toHaveURL(/\/test-card\//);
  open.push(new URL(page.url()).pathname);
}

async function fill(browser: Browser): Promise<void> {
  const page = await browser.newPage();
  const company = `Page Checks ${Date.now()}`;
  await register(page, company, zone);
  const numbers = await holdTwo(page);
  await topUp(page);
  await payFromCredit(page);
  filled.push(new URL(page.url()).pathname);
  const number = await openNumber(page, numbers);
  const routing = new URL(page.url()).pathname;
  await drawPlan(page, true);
  await awake(page, true);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("Published: calls are answered").waitFor();
  const day = workingDay(zone);
  voxlink("call", "simulate", "--to", number, "--at", moment(day, "10:00", zone), "--digits", "1", "--answer-after", "3");
  voxlink("call", "simulate", "--to", number, "--at", moment(day, "23:30", zone));
  await expect(async () => {
    await page.goto(base() + "/calls");
    await expect(page.locator("main tbody tr")).toHaveCount(2, { timeout: 200 });
  }).toPass({ timeout: 10_000 });
  filled.push("/calls", await address(page, "/calls/cal"), routing, `${routing}?at=${day}T10:00&keys=1&dial=answered`);
  const bought = routing.replace("/routing", "");
  filled.push(bought, `${bought}/settings`, `${bought}/release`, `${routing}/versions`, "/numbers", "/orders");
  filled.push("/billing", "/billing/usage", "/billing/statement", "/billing/invoices/next", "/notifications");
  voxlink("invoices", "run", "--period", today(zone).slice(0, 7), "--early");
  await page.goto(base() + "/billing/invoices");
  const invoice = await address(page, "/billing/invoices/ivc_");
  await page.goto(base() + invoice);
  filled.push("/billing/invoices", invoice, await address(page, `${invoice}/lines/`));
  await campaign(page, number);
  await fillTheRest(page);
  await holdTwo(page);
  filled.push("/", "/cart", "/checkout");
  customer = await page.context().storageState();

  const office = await browser.newPage();
  await signIn(office, ...administrator());
  await office.goto(`${base()}/admin/accounts?q=${encodeURIComponent(company)}`);
  const account = await address(office, "/admin/accounts/ten_");
  administered.push(account, `/admin/audit?tenant=${account.split("/").at(-1)}`);
  drift();
  await office.goto(base() + "/admin/drift");
  administered.push(await address(office, "/admin/drift/dft_"), "/admin/drift?state=gone");
  await credentials(office);
  const name = `desk-${Date.now()}`;
  voxlink("trunk", "add", "--name", name, "--host", "192.0.2.7", "--port", `${10_000 + (Date.now() % 50_000)}`);
  voxlink("edge", "add", "--name", name, "--kind", "kamailio", "--host", "192.0.2.8", "--port", `${10_000 + (Date.now() % 50_000)}`);
  await office.goto(base() + "/admin/trunks");
  administered.push(await address(office, "/admin/trunks/"));
  await office.goto(base() + "/admin/edges");
  administered.push(await address(office, "/admin/edges/"));
  staff = await office.context().storageState();
  await Promise.all([page.context().close(), office.context().close()]);
}

/** A credential that is wrong is refused at its field, one that opens nothing is stored; neither is shown again. */
async function credentials(office: Page): Promise<void> {
  const store = async (name: string, value: string) => {
    await office.getByLabel(name, { exact: true }).fill(value);
    await office.getByRole("button", { name: "Store", exact: true }).click();
  };
  await office.goto(base() + "/admin/carriers/signalwire");
  await store("SIGNALWIRE_API_TOKEN", "PSK_e2e");
  await expect(office.getByText("it is the signing key").first()).toBeVisible();
  expect(await office.content()).not.toContain("PSK_e2e");
  await store("SIGNALWIRE_SIGNING_KEY", "PSK_e2e");
  await expect(office.getByText("Stored on").first()).toBeVisible();
  expect(await office.content()).not.toContain("PSK_e2e");
  // Whose account is configured takes papers.
  await office.goto(base() + "/admin/carriers/twilio");
  await office.getByLabel("TWILIO_ACCOUNT_SID", { exact: true }).fill(`AC${"0".repeat(31)}1`);
  await office.getByLabel("Store without asking").check();
  await store("TWILIO_AUTH_TOKEN", "a token of the end to end tests");
  await expect(office.getByText("Stored on").first()).toBeVisible();
  administered.push("/admin/carriers/signalwire", "/admin/carriers/twilio/papers");
}

/** A campaign with a number in it; its pages. */
async function campaign(page: Page, number: string): Promise<void> {
  await page.goto(base() + "/campaigns");
  await page.getByLabel("Name").fill("Spring offer");
  await page.getByRole("button", { name: "Make the campaign" }).click();
  await expect(page).toHaveURL(/\/campaigns\/cmp_/);
  await page.getByLabel("Numbers", { exact: true }).fill(number);
  await page.getByRole("button", { name: "Assign", exact: true }).click();
  await page.getByText("1 number is assigned to it now").waitFor();
  filled.push("/campaigns", new URL(page.url()).pathname);
}

test.beforeAll(async ({ browser }) => {
  test.setTimeout(300_000);
  if (!customer) await fill(browser);
});

/** Looks at pages in both colours and widths; a page is fetched once, as its style sheet alone tells them apart. */
async function areSound(page: Page, paths: string[], scripts = true): Promise<void> {
  const heard = complaints(page);
  for (const path of paths) {
    const answer = await page.goto(base() + path);
    // A search for a place that is not there says so, and is the only page that may refuse.
    if (!path.includes("Nowhere")) expect(answer?.status(), path).toBe(200);
    await awake(page, scripts);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await isSound(page);
      await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      await hasContrast(page);
    }
  }
  expect(heard.filter((said) => !said.includes("422"))).toEqual([]);
}

test("every page of the table of rights is among those that are visited", () => {
  const table = readFileSync(join(root, "src/server/tests/access.tsv"), "utf8");
  const routes = [...table.matchAll(/^GET (\/\S*)\t/gm)].map((found) => found[1]);
  const shape = (route: string) => new RegExp(`^${route.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
  const visited = [...open, ...SIGNED_IN, ...filled, ...administered].map((address) => address.split("?")[0]);
  // `/invoices/next` is a page of its own and no invoice.
  const literal = new Set(routes.filter((route) => !route.includes("{")));
  const seen = (route: string) =>
    visited.some((path) => (literal.has(path) ? path === route : shape(route).test(path)));
  const isPage = (route: string) => !NO_PAGE.some(([address]) => address.test(route));
  expect(routes.filter(isPage).length).toBeGreaterThan(30);
  expect(routes.filter((route) => isPage(route) && !seen(route)), "pages that nobody looks at").toEqual([]);
  const idle = NO_PAGE.filter(([address]) => !routes.some((route) => address.test(route)));
  expect(idle, "exceptions that are none").toEqual([]);
});

test.describe("in light and dark, 1440 and 390 px wide", () => {
  test.setTimeout(300_000);

  test("before sign-in", async ({ page }) => {
    await areSound(page, open, false);
  });

  test("new, with nothing yet", async ({ page }) => {
    await register(page);
    await areSound(page, SIGNED_IN);
  });

  test("a customer's, with something on each", async ({ page }) => {
    await page.context().addCookies(customer.cookies);
    await areSound(page, filled);
  });

  test("an administrator's", async ({ page }) => {
    await page.context().addCookies(staff.cookies);
    await areSound(page, administered);
  });
});

test("Ctrl-K goes anywhere, and only then is the wasm fetched", async ({ page }) => {
  await register(page);
  const fetched: string[] = [];
  await page.route("**/*.wasm", async (route) => {
    fetched.push(route.request().url());
    await new Promise((next) => setTimeout(next, 500));
    await route.continue();
  });
  await page.goto(base() + "/");
  await awake(page, true);
  await page.waitForLoadState("networkidle");
  expect(fetched).toEqual([]);
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Go to" });
  await expect(palette).toBeVisible();
  // What is typed while it loads is not lost.
  await palette.getByRole("combobox").fill("bill");
  await expect(palette.getByRole("option")).toHaveCount(1, { timeout: 20_000 });
  await expect(palette.getByRole("combobox")).toHaveValue("bill");
  expect(fetched).toHaveLength(1);
  await palette.getByRole("combobox").press("Enter");
  await expect(page).toHaveURL(base() + "/billing");
  // It closes by a click beside it, and opens empty.
  await awake(page, true);
  await page.keyboard.press("Control+k");
  await palette.getByRole("combobox").fill("no such place");
  await expect(palette.getByText("Nothing found")).toBeVisible({ timeout: 20_000 });
  await palette.getByRole("combobox").fill("numbers");
  await expect(palette.getByRole("option")).toHaveCount(1, { timeout: 20_000 });
  await page.mouse.click(5, 5);
  await expect(palette).toBeHidden();
  await page.keyboard.press("Control+k");
  await expect(palette.getByRole("combobox")).toHaveValue("");
});
