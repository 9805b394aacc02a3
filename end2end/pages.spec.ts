// Every page: light and dark, wide and narrow, nothing for axe to find, no sideways scrolling, no
// complaint of the browser. First as somebody new sees it, then with something on it.
import { expect, test, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { administrator, voxlink } from "./command";
import { base, complaints, isSound, register, signIn } from "./person";
import { awake, drawPlan, findAndHoldTwo, openNumber, payFromCredit, topUp, zone } from "./shop";
import { moment, today, workingDay } from "./time";

const OPEN = ["/", "/sign-in", "/register", "/forgot"];
const SIGNED_IN = (
  process.env.E2E_PAGES ??
  "/,/search,/search?country=US&digits=42&near=Boston,/search?near=Nowhere+at+all,/cart,/checkout,/numbers,/orders,/billing,/billing/address,/billing/usage,/billing/invoices,/calls,/billing/top-up,/notifications,/settings,/settings/devices,/settings/people"
).split(",");
const STAFF = ["/admin", "/admin/accounts", "/admin/orders", "/admin/numbers", "/admin/audit", "/admin/jobs"];

type State = Awaited<ReturnType<BrowserContext["storageState"]>>;
/** Somebody with numbers, a plan, calls, an invoice and a cart; an administrator; their pages. */
let customer: State;
let staff: State;
const filled: string[] = [];
const administered: string[] = [...STAFF];

const address = async (page: Page, link: string) => (await page.locator(`main a[href^='${link}']`).first().getAttribute("href")) ?? "";

async function fill(browser: Browser): Promise<void> {
  const page = await browser.newPage();
  const company = `Page Checks ${Date.now()}`;
  await register(page, company, zone);
  const numbers = await findAndHoldTwo(page);
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
  filled.push(routing.replace("/routing", ""), "/numbers", "/orders", "/billing", "/billing/usage", "/notifications");
  voxlink("invoices", "run", "--period", today(zone).slice(0, 7), "--early");
  await page.goto(base() + "/billing/invoices");
  filled.push("/billing/invoices", await address(page, "/billing/invoices/ivc_"));
  await findAndHoldTwo(page);
  filled.push("/", "/cart", "/checkout");
  customer = await page.context().storageState();

  const office = await browser.newPage();
  await signIn(office, ...administrator());
  await office.goto(`${base()}/admin/accounts?q=${encodeURIComponent(company)}`);
  const account = await address(office, "/admin/accounts/ten_");
  administered.push(account, `/admin/audit?tenant=${account.split("/").at(-1)}`);
  staff = await office.context().storageState();
  await Promise.all([page.context().close(), office.context().close()]);
}

test.beforeAll(async ({ browser }) => {
  test.setTimeout(180_000);
  if (!customer) await fill(browser);
});

async function areSound(page: Page, paths: string[]): Promise<void> {
  const heard = complaints(page);
  for (const path of paths) {
    const answer = await page.goto(base() + path);
    // A search for a place that is not there says so, and is the only page that may refuse.
    if (!path.includes("Nowhere")) expect(answer?.status(), path).toBe(200);
    await awake(page, true);
    await isSound(page);
  }
  expect(heard.filter((said) => !said.includes("422"))).toEqual([]);
}

for (const colours of ["light", "dark"] as const) {
  for (const width of [1440, 390]) {
    test.describe(`${colours}, ${width} px`, () => {
      test.use({ colorScheme: colours, viewport: { width, height: 900 } });
      test.setTimeout(180_000);

      test("before sign-in", async ({ page }) => {
        const heard = complaints(page);
        for (const path of OPEN) {
          await page.goto(base() + path);
          await isSound(page);
        }
        expect(heard).toEqual([]);
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
  }
}

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
  await palette.getByRole("combobox").fill("numbers");
  await expect(palette.getByRole("option")).not.toHaveCount(0);
  await page.mouse.click(5, 5);
  await expect(palette).toBeHidden();
  await page.keyboard.press("Control+k");
  await expect(palette.getByRole("combobox")).toHaveValue("");
});
