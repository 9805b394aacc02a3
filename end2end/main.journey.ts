// The main job, whole: find a number, buy it, route it, answer its call, bill it; then what an
// administrator does. With wasm and with scripting off.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { expect, test, type Locator, type Page } from "@playwright/test";
import { administrator, voxlink } from "./command";
import { base, complaints, register, signIn } from "./person";
import { awake, desk, drawPlan, findAndHoldTwo, holdOneWithSetUp, openNumber, payFromCredit, spelled, topUp, zone } from "./shop";
import { moment, today, workingDay } from "./time";

async function rehearse(page: Page, at: string, keys: string): Promise<Locator> {
  const simulator = page.locator("#simulator");
  await simulator.getByLabel(`Time in ${zone}`).fill(at);
  await simulator.getByLabel("When it rings").selectOption({ label: "somebody answers" });
  await simulator.getByLabel("Keys pressed").fill(keys);
  await simulator.getByRole("button", { name: "Play the call" }).click();
  return page.locator("#way");
}

test("a number is found, bought, routed, called and billed", async ({ page, javaScriptEnabled }) => {
  test.setTimeout(180_000);
  const scripting = javaScriptEnabled !== false;
  const heard = complaints(page);
  const company = `Harbour Books ${Date.now()}`;
  const email = await register(page, company, zone);

  const numbers = await findAndHoldTwo(page);
  await holdOneWithSetUp(page);
  await topUp(page);
  await payFromCredit(page);
  const number = await openNumber(page, numbers);

  await drawPlan(page, scripting);
  const day = workingDay(zone);
  await awake(page, scripting);
  const night = await rehearse(page, `${day}T23:30`, "");
  await expect(night).toContainText("The caller leaves a message.");
  await expect(night).toContainText("Office hours");
  await awake(page, scripting);
  const morning = await rehearse(page, `${day}T10:00`, "1");
  await expect(morning).toContainText("Somebody answers.");
  await expect(morning).toContainText("Desk");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Published: calls are answered this way now.")).toBeVisible();

  const call = (clock: string, ...more: string[]) =>
    voxlink("call", "simulate", "--to", number, "--at", moment(day, clock, zone), "--zone", zone, ...more);
  const late = call("23:30", "--talk", "20");
  expect(late).toContain("leaves a message of 20 seconds");
  expect(late).not.toContain(desk);
  const early = call("10:00", "--digits", "1", "--answer-after", "4", "--talk", "75");
  expect(early).toContain(`${desk} rings and is answered after 4 seconds`);
  expect(early).toContain("they speak for 75 seconds");

  const calls = page.getByRole("table", { name: "Calls" }).locator("tbody tr");
  // The carrier has its answer before the record is written: a call stands here within a second.
  await expect(async () => {
    await page.goto(base() + "/calls");
    await expect(calls).toHaveCount(2, { timeout: 200 });
    await expect(calls.filter({ hasText: "$" })).toHaveCount(2, { timeout: 200 });
  }).toPass({ timeout: 10_000 });
  await expect(calls.filter({ hasText: "Voicemail" })).toHaveCount(1);
  const through = calls.filter({ hasText: "Put through" });
  await expect(through).toContainText("$");
  await through.locator("a[href^='/calls/']").click();
  const cost = await page.locator("main").getByText(/^\$0\.\d+$/).first().innerText();

  const month = today(zone).slice(0, 7);
  expect(voxlink("invoices", "run", "--period", month, "--early")).toMatch(/^[1-9]\d* invoices? issued/);
  expect(voxlink("invoices", "run", "--period", month, "--early")).toMatch(/^0 invoices issued/);
  await page.goto(base() + "/billing/invoices");
  await page.locator("main a[href^='/billing/invoices/ivc_']").first().click();
  const invoice = page.locator("main");
  await expect(invoice).toContainText("Bought in this period");
  await expect(invoice).toContainText(`${spelled(number)}, first month`);
  await expect(invoice).toContainText(/\+44 [\d ]+, set-up/);
  const usage = page.getByRole("table", { name: "Usage" });
  await usage.getByRole("link", { name: "See the calls" }).first().click();
  await expect(page.getByRole("table", { name: /^The calls behind the line/ })).toContainText(cost);
  await page.goBack();
  await expect(usage).toBeVisible();
  const total = /Total USD\s*(\$[\d.,]+)/.exec(await invoice.innerText())?.[1] ?? "no total";

  const address = await page.getByRole("link", { name: "Open as PDF" }).getAttribute("href");
  const pdf = await page.request.get(base() + address);
  expect(pdf.headers()["content-type"]).toBe("application/pdf");
  const file = test.info().outputPath("invoice.pdf");
  writeFileSync(file, await pdf.body());
  expect((await pdf.body()).subarray(0, 4).toString()).toBe("%PDF");
  expect(execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" })).toContain(total);

  // The card's page takes no part in transitions.
  const expected = /ViewTransition opt-in disabled/;
  expect(heard.filter((said) => !expected.test(said))).toEqual([]);
  await administer(page, company, email);
});

/** Presses a button whose form wants a reason; other forms of the page want one too. */
async function give(page: Page, button: string, reason: string): Promise<void> {
  const press = page.getByRole("button", { name: button });
  await page.locator("form", { has: press }).getByLabel("Reason").fill(reason);
  await press.click();
}

async function administer(page: Page, company: string, email: string): Promise<void> {
  const browser = page.context().browser();
  const office = await browser!.newContext({ javaScriptEnabled: test.info().project.use.javaScriptEnabled });
  const desk = await office.newPage();
  await signIn(desk, ...administrator());
  await desk.goto(`${base()}/admin/accounts?q=${encodeURIComponent(company)}`);
  await desk.getByRole("link", { name: company }).click();
  await give(desk, "Suspend the account", "The bill of October is disputed");
  await expect(desk.getByText("The account is suspended and its people are signed out.")).toBeVisible();

  // Its people are signed out, and may look but not buy.
  await page.goto(base() + "/numbers");
  await expect(page).toHaveURL(/\/sign-in/);
  await signIn(page, email);
  await page.goto(base() + "/numbers");
  await expect(page.getByText("The bill of October is disputed")).toBeVisible();

  const account = desk.url();
  await desk.getByRole("link", { name: /Audit log/ }).last().click();
  const entry = desk.locator("main li", { hasText: "account.suspend" });
  await expect(entry).toContainText("Reason: The bill of October is disputed");
  await expect(entry).toContainText("Ada Administrator");
  await desk.getByRole("button", { name: /^Check / }).click();
  await expect(desk.getByText("The chain is whole")).toBeVisible();

  await desk.goto(account);
  await give(desk, "Restore the account", "Agreed on the telephone");
  await expect(desk.getByText("The account is restored.")).toBeVisible();
  await page.goto(base() + "/numbers");
  await expect(page.getByText("The bill of October is disputed")).toHaveCount(0);
  await office.close();
}
