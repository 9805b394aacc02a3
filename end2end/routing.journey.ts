// The routing editor: drawing a plan with everything in it, what cannot be read, the simulator on
// what is not saved, versions, two windows on one draft, undo, and the keyboard alone.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { base, complaints, isSound, register } from "./person";
import { awake, holdTwo, openNumber, payFromCredit, topUp, zone } from "./shop";

const scripting = () => test.info().project.use.javaScriptEnabled !== false;
const named = (page: Page, name: string): Locator => page.locator(`[name="${name}"]`);
const save = (page: Page): Locator => page.getByRole("button", { name: "Save draft" }).last();

/** A customer with a number, on its routing page. */
async function withNumber(page: Page): Promise<void> {
  await register(page, `Night Owls ${Date.now()}`, zone);
  const numbers = await holdTwo(page);
  await topUp(page);
  await payFromCredit(page);
  await openNumber(page, numbers);
  await awake(page, scripting());
}

/** Presses a button of the picture and waits until what it makes is there. */
async function press(page: Page, button: string, made: Locator): Promise<void> {
  await page.getByRole("button", { name: button, exact: true }).click();
  await expect(made).toBeVisible();
  await awake(page, scripting());
}

/** Leads a branch to a new step, which appears at once with wasm and with the next save without. */
async function lead(page: Page, branch: string, kind: string, node: string): Promise<void> {
  await named(page, branch).selectOption(`new:${kind}`);
  if (!scripting()) await save(page).click();
  await expect(page.locator(`#node-${node}`)).toBeVisible();
}

async function try_(page: Page, at: string, keys = "", dial = "nobody answers"): Promise<Locator> {
  const simulator = page.locator("#simulator");
  await simulator.getByLabel(`Time in ${zone}`).fill(at);
  await simulator.getByLabel("When it rings").selectOption({ label: dial });
  await simulator.getByLabel("Keys pressed").fill(keys);
  await simulator.getByRole("button", { name: "Play the call" }).click();
  return page.locator("#way");
}

/** Light and dark, wide and narrow: axe finds nothing; pictures where PICTURES names a folder. */
async function looksRight(page: Page, name: string): Promise<void> {
  for (const colours of ["light", "dark"] as const) {
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme: colours });
      await page.setViewportSize({ width, height: 900 });
      if (scripting()) await isSound(page);
      const folder = process.env.PICTURES;
      if (folder) await page.screenshot({ path: `${folder}/${name}-${colours}-${width}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize({ width: 1280, height: 720 });
}

test("a plan is drawn, tried, published, compared and rolled back", async ({ page }) => {
  test.setTimeout(240_000);
  const heard = complaints(page);
  await withNumber(page);
  const suffix = scripting() ? "wasm" : "plain";
  await looksRight(page, `empty-${suffix}`);

  // Hours: what came first before stays on the way.
  await lead(page, "entry", "hours", "office-hours");
  await expect(named(page, "n.office-hours.closed")).toHaveValue("to:start");

  // What cannot be read stays, is told beside its field, and the button does its work all the same.
  await named(page, "n.office-hours.day.1.0.from").fill("nine");
  await named(page, "n.office-hours.day.0.0.from").fill("22:00");
  await named(page, "n.office-hours.day.0.0.to").fill("06:00");
  await press(page, "Add hours on Saturday", named(page, "n.office-hours.day.5.0.from"));
  const nine = named(page, "n.office-hours.day.1.0.from");
  await expect(nine).toHaveValue("nine");
  await expect(nine).toHaveAttribute("aria-invalid", "true");
  const told = page.locator(`[id="${await nine.getAttribute("aria-describedby")}"]`);
  await expect(told).toContainText("“nine” is not a time of day: write it as 09:00");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("alert").first()).toContainText("Not published");
  await expect(nine).toHaveValue("nine");
  await expect(nine).toBeFocused();
  await awake(page, scripting());
  await nine.fill("09:00");
  await expect(page.getByText("next day").first()).toBeVisible();

  await press(page, "Add a holiday", named(page, "n.office-hours.holiday.0.date"));
  await named(page, "n.office-hours.holiday.0.date").fill("2026-12-25");
  await named(page, "n.office-hours.holiday.0.name").fill("Christmas");
  await named(page, "n.office-hours.holiday.0.yearly").check();

  // A menu, two telephones one after the other, an announcement, a refusal.
  await lead(page, "n.office-hours.open", "menu", "menu");
  await named(page, "n.menu.prompt").fill("Press 1 for the desk, 2 for our address <and> more.");
  await press(page, "Add a key to the menu", named(page, "n.menu.key.2.press"));
  await named(page, "n.menu.no_input").selectOption("to:start");
  await lead(page, "n.menu.key.0.next", "forward", "desk");
  await named(page, "n.desk.target.0").fill("(617) 555-0123");
  await press(page, "Add another number to ring", named(page, "n.desk.target.1"));
  await named(page, "n.desk.target.1").fill("sip:night@example.com");
  await named(page, "n.desk.ring").selectOption("in_order");
  await named(page, "n.desk.timeout").fill("15");
  await named(page, "n.desk.no_answer").selectOption("to:start");
  await lead(page, "n.menu.key.1.next", "message", "announcement");
  await lead(page, "n.menu.key.2.next", "reject", "refuse");
  await named(page, "n.start.greeting").fill("Good night. Leave a message after the tone.");

  // The simulator, on what is not saved.
  const way = await try_(page, "2026-11-16T23:30", "1");
  await expect(way).toContainText("The caller leaves a message.");
  await expect(way).toContainText("open until Tue 17 Nov 06:00");
  await expect(way).toContainText("ring +1 617-555-0123 for 15 seconds");
  await expect(way).toContainText("ring sip:night@example.com for 15 seconds");
  await expect(page.locator("#node-desk > [data-lit]")).toHaveCount(1);
  await awake(page, scripting());
  await try_(page, "2026-12-25T12:00");
  await expect(way).toContainText("a holiday until");
  await awake(page, scripting());
  await try_(page, "2027-03-14T02:30");
  await expect(page.locator("#moment")).toContainText("02:30 does not come on 14 March 2027 in America/New_York");
  await expect(page.locator("#moment")).toContainText("They go on at 03:00");
  await awake(page, scripting());
  await try_(page, "2026-11-01T01:30");
  await expect(way).toContainText("Sun 1 Nov 2026, 01:30 EDT");
  await page.getByLabel("01:30 comes twice").selectOption("second");
  await page.getByRole("button", { name: "Play the call" }).click();
  await expect(way).toContainText("Sun 1 Nov 2026, 01:30 EST");
  await awake(page, scripting());

  await save(page).click();
  await expect(page.getByText("Draft saved.")).toBeVisible();
  await awake(page, scripting());
  await looksRight(page, `full-${suffix}`);
  await page.getByLabel("Note").fill("Night shift");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Published: calls are answered this way now.")).toBeVisible();
  await expect(page.getByText("Nothing: this is what the number does already.")).toBeVisible();

  // A second version, what it changed, and back.
  await awake(page, scripting());
  await named(page, "n.desk.timeout").fill("30");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Version 2", { exact: true })).toBeVisible();
  await page.getByText("1 change", { exact: true }).click();
  await expect(page.getByText("“Desk”: for 30 seconds instead of 15 seconds.")).toBeVisible();
  await page.getByRole("link", { name: "Compare two versions" }).click();
  await expect(page.getByText("“Desk”: for 30 seconds instead of 15 seconds.")).toBeVisible();
  await page.getByLabel("From").selectOption("2");
  await page.getByLabel("To", { exact: true }).selectOption("1");
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByText("“Desk”: for 15 seconds instead of 30 seconds.")).toBeVisible();
  await looksRight(page, `versions-${suffix}`);
  await page.goBack();
  await page.goBack();
  await page.getByRole("button", { name: "Roll back to version 1" }).click();
  await expect(page.getByText("Rolled back: a copy of that version is in service.")).toBeVisible();
  await expect(page.getByText("Version 3", { exact: true })).toBeVisible();
  await expect(named(page, "n.desk.timeout")).toHaveValue("15");

  await page.getByRole("navigation", { name: "This number" }).getByRole("link", { name: "Overview" }).click();
  const does = page.locator("main section", { hasText: "When it rings" }).first();
  await expect(does).toContainText("Mon 22–6, Tue–Sat 9–17 asks for a key (1, 2, 3); otherwise voicemail");
  expect(heard.filter((said) => !/422 \(Unprocessable/.test(said))).toEqual([]);
});

test("two windows on one draft lose nothing", async ({ page }) => {
  test.setTimeout(120_000);
  await withNumber(page);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await awake(other, scripting());
  await named(other, "n.start.greeting").fill("Theirs");
  await save(other).click();
  await expect(other.getByText("Draft saved.")).toBeVisible();

  await named(page, "n.start.greeting").fill("Mine");
  await save(page).click();
  await expect(page.getByRole("alert").first()).toContainText("This plan was changed in another window");
  await expect(named(page, "n.start.greeting")).toHaveValue("Mine");
  await expect(page.getByText("“Voicemail”: reads “Mine” instead of “Theirs”.")).toBeVisible();
  await other.reload();
  await expect(named(other, "n.start.greeting")).toHaveValue("Theirs");
  await awake(page, scripting());
  await page.getByRole("button", { name: "Save mine over it" }).click();
  await expect(page.getByText("Draft saved.")).toBeVisible();
  await other.reload();
  await expect(named(other, "n.start.greeting")).toHaveValue("Mine");
});

test("with wasm: at once, undone, warned of, and by keyboard alone", async ({ page }) => {
  test.skip(!scripting(), "without wasm the form does the same by its buttons");
  test.setTimeout(120_000);
  await withNumber(page);
  const url = page.url();
  const unsaved = page.locator("#unsaved");
  await expect(unsaved).toHaveText("All changes are saved");

  // By keyboard: the first step, a number to ring, another one, gone again.
  const entry = named(page, "entry");
  await entry.focus();
  await entry.selectOption("new:forward");
  await expect(page.locator("#node-desk")).toBeVisible();
  await expect(entry).toBeFocused();
  await named(page, "n.desk.target.0").focus();
  await page.keyboard.type("+16175550123");
  // The way of a call now, without a button and without saving.
  await expect(page.locator("#way")).toContainText("ring +1 617-555-0123 for 20 seconds");
  await expect(page.locator("#way")).toContainText("The caller leaves a message.");
  await expect(page.locator("#changes")).toContainText("“Desk” is new");
  await expect(unsaved).toHaveText("Changes that are not saved");
  await page.getByRole("button", { name: "Add another number to ring" }).focus();
  await page.keyboard.press("Enter");
  await expect(named(page, "n.desk.target.1")).toBeFocused();
  await page.keyboard.type("nobody");
  await expect(page.locator("#changes")).toContainText("“nobody” cannot be rung");
  await expect(named(page, "n.desk.target.1")).toHaveAttribute("aria-invalid", "true");

  // What is typed into the first goes when the first is removed, and the second moves up.
  await page.getByRole("button", { name: "Remove number 1" }).focus();
  await page.keyboard.press("Enter");
  await expect(named(page, "n.desk.target.0")).toHaveValue("nobody");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(named(page, "n.desk.target.0")).toHaveValue("+16175550123");
  await expect(named(page, "n.desk.target.1")).toHaveValue("nobody");
  await entry.focus();
  await page.keyboard.press("Control+z");
  await expect(named(page, "n.desk.target.1")).toHaveValue("");
  await page.keyboard.press("Control+Shift+z");
  await expect(named(page, "n.desk.target.1")).toHaveValue("nobody");

  // Leaving is asked about; staying keeps everything.
  const asked = page.waitForEvent("dialog");
  void page.evaluate(() => location.assign("/numbers"));
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  await expect(named(page, "n.desk.target.1")).toHaveValue("nobody");
  expect(page.url()).toBe(url);

  // Enter saves; afterwards nothing is asked.
  await named(page, "n.desk.target.1").fill("");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Draft saved.")).toBeVisible();
  await awake(page, true);
  await expect(unsaved).toHaveText("All changes are saved");
  await page.goto(base() + "/numbers");
  await expect(page).toHaveURL(base() + "/numbers");
});
