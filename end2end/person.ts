// People of the journeys, and what every page must hold to.
import { expect, type Page } from "@playwright/test";
import axe, { type RunOptions } from "axe-core";

export const base = () => process.env.BASE_URL ?? "";
export const password = "a calm sentence about telephones";

let count = 0;

/** Registers a new person with a company of their own, and leaves them signed in. */
export async function register(page: Page, company = "Example Ltd", zone = "Europe/Stockholm"): Promise<string> {
  count += 1;
  const email = `ann.${Date.now()}.${process.pid}.${count}@example.com`;
  await page.goto(base() + "/register");
  await page.getByLabel("Your name").fill("Ann Example");
  await page.getByLabel("Company").fill(company);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Time zone").selectOption(zone);
  await page.getByLabel("I accept the terms").check();
  await page.locator("main form button[type=submit]").click();
  await expect(page).not.toHaveURL(/\/register/);
  return email;
}

/** Signs somebody in who has an account. */
export async function signIn(page: Page, email: string, secret = password): Promise<void> {
  await page.goto(base() + "/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(secret);
  await page.locator("main form button[type=submit]").click();
  await expect(page).not.toHaveURL(/\/sign-in/);
}

/** Collects what a browser complains about: errors, refused scripts and styles. */
export function complaints(page: Page): string[] {
  const heard: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) heard.push(message.text());
  });
  page.on("pageerror", (error) => heard.push(error.message));
  return heard;
}

/** axe finds nothing, and nothing scrolls sideways; what it finds is told of every page together. */
export async function isSound(page: Page): Promise<void> {
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect.soft(sideways, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  await findsNothing(page, { runOnly: { type: "tag", values: tags } });
}

/** Nothing else that axe looks at depends on a colour. */
export async function hasContrast(page: Page): Promise<void> {
  await findsNothing(page, { runOnly: { type: "rule", values: ["color-contrast"] } });
}

// In the page itself: no page of ours has frames, and axe's own runner opens a second page each time.
async function findsNothing(page: Page, options: RunOptions): Promise<void> {
  // A colour that was just chosen fades in, what inherits it after that.
  await page.evaluate(async () => {
    const frame = () => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
    const moving = () => document.getAnimations().filter((one) => one instanceof CSSTransition);
    for (await frame(); moving().length > 0; await frame()) moving().forEach((one) => one.finish());
  });
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const told = await page.evaluate(async (options) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, options);
    return violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join("\n  ")}`);
  }, { ...options, resultTypes: ["violations"] } satisfies RunOptions);
  const seen = await page.evaluate(() => `${innerWidth} px, ${matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"}`);
  expect.soft(told, `${page.url()}, ${seen}`).toEqual([]);
}
