// The steps of a customer: find, hold, pay, route. Journeys and page checks take them.
import { expect, type Page } from "@playwright/test";
import { base } from "./person";

/** Where the bought numbers are. */
export const zone = "America/New_York";
/** What rings. */
export const desk = "+16175550123";

/** An American number as pages write it: +1 617-555-0123. */
export const spelled = (number: string) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1-$2-$3");

/** The islands have woken, where there are any to wake. */
export async function awake(page: Page, scripting: boolean): Promise<void> {
  if (scripting) await page.locator("html[data-awake]").waitFor({ timeout: 30_000 });
}

/** Searches "near Boston, contains 42", holds the first two; the numbers. */
export async function findAndHoldTwo(page: Page): Promise<string[]> {
  await page.goto(base() + "/search");
  await page.getByLabel("Digits or a word").fill("42");
  await page.getByLabel("Near", { exact: false }).first().fill("Boston");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.locator("main p", { hasText: "Around Boston" })).toBeVisible();
  const rows = page.getByRole("table", { name: "Numbers that can be had" }).locator("tbody tr");
  expect(await rows.count()).toBeGreaterThanOrEqual(2);
  const numbers: string[] = [];
  for (const row of [rows.nth(0), rows.nth(1)]) {
    await expect(row).toContainText("km away");
    const choice = row.getByRole("checkbox");
    numbers.push(((await choice.getAttribute("value")) ?? "").split(":")[1]);
    await choice.check();
  }
  for (const number of numbers) expect(number).toContain("42");
  await page.getByRole("button", { name: "Hold the chosen ones" }).click();
  await expect(page).toHaveURL(base() + "/cart");
  await expect(page.getByRole("table", { name: "Numbers in your cart" }).locator("tbody tr")).toHaveCount(2);
  return numbers;
}

/** Holds any two near Boston: those with 42 in them are too few for every journey. */
export async function holdTwo(page: Page): Promise<string[]> {
  await page.goto(base() + "/search?country=US&near=Boston");
  const choices = page.getByRole("table", { name: "Numbers that can be had" }).getByRole("checkbox");
  const numbers: string[] = [];
  for (const choice of [choices.nth(0), choices.nth(1)]) {
    numbers.push(((await choice.getAttribute("value")) ?? "").split(":")[1]);
    await choice.check();
  }
  await page.getByRole("button", { name: "Hold the chosen ones" }).click();
  await expect(page.getByRole("table", { name: "Numbers in your cart" }).locator("tbody tr")).toHaveCount(2);
  return numbers;
}

/** Holds a British mobile number, the kind that costs a set-up too. */
export async function holdOneWithSetUp(page: Page): Promise<void> {
  await page.goto(base() + "/search?country=GB&type=mobile");
  await page.getByRole("button", { name: /^Hold \+44/ }).first().click();
  await expect(page).toHaveURL(base() + "/cart");
}

/** Types a card at the test card's page, which is on another origin, and presses its button. */
export async function typeCard(page: Page, number: string): Promise<void> {
  await expect(page).toHaveURL(/^http:\/\/localhost:\d+\/test-card\//);
  await page.getByLabel("Card number").fill(number);
  await page.getByLabel("Expiry").fill("12/49");
  await page.getByLabel("Security code").fill("123");
  await page.getByRole("button", { name: /^(Pay|Set the money aside)$/ }).click();
}

/** Puts 50 dollars on the balance by the test card that pays. */
export async function topUp(page: Page): Promise<void> {
  await page.goto(base() + "/billing/top-up");
  await page.getByLabel("Amount", { exact: true }).selectOption({ label: "$50.00" });
  await page.getByRole("button", { name: "Go to payment" }).click();
  await typeCard(page, "4242 4242 4242 4242");
  await expect(page.getByText("$50.00 was added to your balance.")).toBeVisible();
}

/** The first step of the checkout: an address in a state of the US. */
export async function giveAddress(page: Page, state: string): Promise<void> {
  await page.getByLabel("Street and number").fill("1 Harbour Street");
  await page.getByLabel("Postal code").fill("02110");
  await page.getByLabel("Town").fill("Boston");
  await page.getByLabel("Country").selectOption("US");
  await page.getByLabel("State or province").fill(state);
  await page.getByRole("button", { name: "Go on to payment" }).click();
  await expect(page.getByRole("button", { name: /^Buy for / })).toBeVisible();
}

/** From the cart to the last step of the checkout. */
export async function checkOut(page: Page, state = "MA"): Promise<void> {
  await page.goto(base() + "/cart");
  await page.getByRole("link", { name: "Check out" }).click();
  await giveAddress(page, state);
}

/** Accepts the terms and buys. */
export async function buy(page: Page): Promise<void> {
  await page.getByLabel("I accept the terms").check();
  await page.getByRole("button", { name: /^Buy for / }).click();
}

/** The order's page comes again by itself while the worker buys. */
export async function completed(page: Page): Promise<void> {
  await expect(page).toHaveURL(/\/orders\/ord_/);
  await expect(page.locator("main").getByText("Completed", { exact: true }).first()).toBeVisible({ timeout: 30_000 });
}

/** Checks out, pays from the balance and waits until the worker has bought. */
export async function payFromCredit(page: Page): Promise<void> {
  await checkOut(page);
  await expect(page.getByText("Massachusetts: Telecommunications sales tax")).toBeVisible();
  await page.getByRole("radio", { name: /^Balance/ }).check();
  await buy(page);
  await completed(page);
}

/** Both numbers are active; opens the routing of the first and returns it. */
export async function openNumber(page: Page, numbers: string[]): Promise<string> {
  const rows = page.getByRole("table", { name: "Your numbers" }).locator("tbody tr");
  for (const number of numbers.toReversed()) {
    await page.goto(`${base()}/numbers?q=${number.slice(1)}`);
    await expect(rows).toHaveCount(1);
    await expect(rows).toContainText("Active");
  }
  await page.locator("main tbody a[href^='/numbers/num_']").first().click();
  await expect(page).toHaveURL(/\/numbers\/num_\w+$/);
  const title = (await page.getByRole("heading", { level: 1 }).innerText()).replace(/[^+\d]/g, "");
  expect(numbers).toContain(title);
  await page.goto(page.url() + "/routing");
  return title;
}

/** Office hours, in them a menu whose key 1 rings the desk, and voicemail for everything else. */
export async function drawPlan(page: Page, scripting: boolean): Promise<void> {
  const branch = (name: string) => page.locator(`select[name="${name}"]`);
  // A new step appears in place with wasm, and with the next save without.
  const drawn = async (name: string) => {
    if (!scripting) await page.getByRole("button", { name: "Save draft" }).last().click();
    await expect(page.locator(`#node-${name}`)).toBeVisible();
  };
  await awake(page, scripting);
  await page.getByLabel("The first thing that happens").selectOption("new:hours");
  await drawn("office-hours");
  await branch("n.office-hours.closed").selectOption("to:start");
  await branch("n.office-hours.open").selectOption("new:menu");
  await drawn("menu");
  await page.getByRole("button", { name: "Remove key 2" }).click();
  await expect(page.getByRole("button", { name: "Remove key 2" })).toHaveCount(0);
  await page.getByLabel("Read to the caller").fill("Good day. Press 1 for the desk.");
  await branch("n.menu.no_input").selectOption("to:start");
  await branch("n.menu.key.0.next").selectOption("new:forward");
  await drawn("desk");
  await page.getByLabel("Number 1 to ring").fill(desk);
  await branch("n.desk.no_answer").selectOption("to:start");
  await page.getByRole("button", { name: "Save draft" }).last().click();
  await expect(page.getByText("Draft saved.")).toBeVisible();
}
