// Every page that needs no particular thing: light and dark, wide and narrow, nothing for axe to
// find, no sideways scrolling, no complaint of the browser.
import { expect, test } from "@playwright/test";
import { base, complaints, isSound, register } from "./person";

const OPEN = ["/", "/sign-in", "/register", "/forgot"];
const SIGNED_IN = (process.env.E2E_PAGES ?? "/,/numbers,/orders,/billing,/billing/usage,/billing/invoices,/calls,/billing/top-up,/notifications,/settings,/settings/devices").split(",");

for (const colours of ["light", "dark"] as const) {
  for (const width of [1440, 390]) {
    test.describe(`${colours}, ${width} px`, () => {
      test.use({ colorScheme: colours, viewport: { width, height: 900 } });

      test("before sign-in", async ({ page }) => {
        const heard = complaints(page);
        for (const path of OPEN) {
          await page.goto(base() + path);
          await isSound(page);
        }
        expect(heard).toEqual([]);
      });

      test("after sign-in", async ({ page }) => {
        await register(page);
        const heard = complaints(page);
        for (const path of SIGNED_IN) {
          const answer = await page.goto(base() + path);
          expect(answer?.status(), path).toBe(200);
          await page.locator("html[data-awake]").waitFor();
          await isSound(page);
        }
        expect(heard).toEqual([]);
      });
    });
  }
}

test("Ctrl-K goes anywhere", async ({ page }) => {
  await register(page);
  await page.goto(base() + "/");
  await page.locator("html[data-awake]").waitFor();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Go to" });
  await expect(palette).toBeVisible();
  await palette.getByRole("combobox").fill("bill");
  await expect(palette.getByRole("option")).toHaveCount(1);
  await palette.getByRole("combobox").press("Enter");
  await expect(page).toHaveURL(base() + "/billing");
});
