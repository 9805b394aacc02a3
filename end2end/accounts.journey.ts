// Coming in, staying in, going out; with wasm and with scripting off.
import { expect, test } from "@playwright/test";
import { base, password, register } from "./person";

test("a person registers, signs out and signs in again", async ({ page }) => {
  const email = await register(page);
  await page.goto(base() + "/");
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page.getByText("Find a number and buy it")).toBeVisible();

  await page.locator("summary", { hasText: "Your account" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(base() + "/numbers");
  await expect(page).toHaveURL(/\/sign-in\?next=/);

  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill("not the password at all");
  await page.locator("main form button[type=submit]").click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("E-mail address")).toHaveValue(email);

  await page.getByLabel("Password").fill(password);
  await page.locator("main form button[type=submit]").click();
  await expect(page).toHaveURL(base() + "/numbers");
});

test("the colours are chosen on a device and stay", async ({ page }) => {
  await page.goto(base() + "/");
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.goto(base() + "/sign-in");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("an address where nothing is says so, with a way back", async ({ page }) => {
  const answer = await page.goto(base() + "/nowhere");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
});
