// Paying when not all goes well: declined cards, 3-D Secure, sums that change, two windows.
// With wasm and with scripting off.
import { expect, test, type Page } from "@playwright/test";
import { base, complaints, register } from "./person";
import { buy, checkOut, completed, giveAddress, holdTwo, topUp, typeCard, zone } from "./shop";

const good = "4242 4242 4242 4242";

async function customer(page: Page, state = "MA"): Promise<void> {
  await register(page, `Checkout ${Date.now()}`, zone);
  await holdTwo(page);
  await checkOut(page, state);
}

async function byCard(page: Page, card: string): Promise<void> {
  await page.getByRole("radio", { name: /^Test card/ }).check();
  await buy(page);
  await typeCard(page, card);
}

async function orders(page: Page): Promise<number> {
  await page.goto(base() + "/orders");
  return page.locator("main tbody tr").count();
}

test("a declined card says why and may be followed by another", async ({ page }) => {
  const heard = complaints(page);
  await customer(page);
  await byCard(page, "4000 0000 0000 0002");
  await expect(page.getByRole("alert")).toContainText("Your bank declined the card. Nothing was charged");
  await page.getByRole("button", { name: "Try another card" }).click();
  await typeCard(page, "4000 0000 0000 9995");
  await expect(page.getByRole("alert")).toContainText("The card has too little money.");
  await page.getByRole("button", { name: "Try another card" }).click();
  await typeCard(page, good);
  await completed(page);
  // The page of the card is over; going back to it does no harm.
  await page.goBack();
  await page.goto(base() + "/orders");
  await expect(page.locator("main tbody tr")).toHaveCount(1);
  // A form that Chromium's policy stopped would be told here.
  expect(heard.filter((said) => /Content Security Policy|form-action/.test(said))).toEqual([]);
});

test("3-D Secure is abandoned, refused and passed", async ({ page }) => {
  await customer(page);
  await byCard(page, "4000 0027 6000 3184");
  await expect(page.getByRole("heading", { name: "3-D Secure" })).toBeVisible();
  await page.getByRole("button", { name: "Back to the shop without paying" }).click();
  await expect(page.getByText("This order waits for your card.")).toBeVisible();
  await page.getByRole("button", { name: "Go to the card page" }).click();
  await page.getByRole("button", { name: "No, refuse it" }).click();
  await expect(page.getByRole("alert")).toContainText("The confirmation with your bank was refused.");
  await page.getByRole("button", { name: "Try another card" }).click();
  await typeCard(page, "4000 0027 6000 3184");
  await page.getByRole("button", { name: "Yes, confirm the payment" }).click();
  await completed(page);
});

test("an order that waits for its card is cancelled", async ({ page }) => {
  await customer(page);
  await byCard(page, "4000 0000 0000 0002");
  await page.getByRole("button", { name: "Cancel the order" }).click();
  await expect(page.getByText("The order is cancelled. Nothing was charged.")).toBeVisible();
  await expect(page.locator("main").getByText("Cancelled", { exact: true }).first()).toBeVisible();
});

test("a total that changed is named, and nothing that was chosen is lost", async ({ page, context }) => {
  await customer(page, "OR");
  await topUp(page);
  await page.goto(base() + "/checkout");
  await expect(page.getByText("No tax is due at your address.")).toBeVisible();
  const other = await context.newPage();
  await other.goto(base() + "/checkout?address=true");
  await giveAddress(other, "MA");

  // Dearer: told from what to what, and asked again.
  await page.getByRole("radio", { name: /^At least so many/ }).check();
  await page.getByLabel("Numbers needed at least").fill("2");
  await buy(page);
  const changed = page.getByRole("status").filter({ hasText: "What changed" });
  await expect(changed).toContainText(/Taxes: \$0\.00 → \$0\.\d\d/);
  await expect(changed).toContainText(/Due now: \$[\d.]+ → \$[\d.]+/);
  await expect(changed).toContainText("accept the terms again");
  await expect(page.getByLabel("I accept the terms")).not.toBeChecked();
  await expect(page.getByRole("radio", { name: /^At least so many/ })).toBeChecked();
  await expect(page.getByLabel("Numbers needed at least")).toHaveValue("2");

  // Cheaper: what was agreed to still holds.
  await other.goto(base() + "/checkout?address=true");
  await giveAddress(other, "OR");
  await buy(page);
  await expect(changed).toContainText("It costs less than you agreed to");
  await expect(page.getByLabel("I accept the terms")).toBeChecked();
  await page.getByRole("button", { name: /^Buy for / }).click();
  await completed(page);
  await expect(page.getByText("Buy 2 or more, else none")).toBeVisible();
});

test("a cart is paid once: two windows, two clicks", async ({ page, context }) => {
  await customer(page);
  await topUp(page);
  await page.goto(base() + "/checkout");
  const other = await context.newPage();
  await other.goto(base() + "/checkout");
  await page.getByRole("radio", { name: /^All 2 or none/ }).check();
  await page.getByLabel("I accept the terms").check();
  await page.getByRole("button", { name: /^Buy for / }).dblclick();
  await completed(page);
  await buy(other);
  await expect(other.getByText("This cart was bought already: here is its order.")).toBeVisible();
  expect(other.url()).toBe(page.url());
  expect(await orders(page)).toBe(1);
});

test("a card that is refused when it is charged leaves a sum to pay, and it is paid", async ({ page }) => {
  await customer(page);
  await byCard(page, "4000 0000 0000 0341");
  await expect(page.locator("main").getByText("Completed", { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  const due = page.getByRole("alert").filter({ hasText: "Payment due" });
  await expect(due).toContainText("Your numbers stay in service");
  await page.goto(base() + "/billing");
  await page.getByRole("link", { name: "Pay it now" }).click();
  await page.getByRole("button", { name: /^Pay \$[\d.]+ by card$/ }).click();
  await typeCard(page, good);
  await expect(page.getByText(/was paid by card; nothing is due any more/)).toBeVisible({ timeout: 20_000 });
  await expect(due).toHaveCount(0);
});
