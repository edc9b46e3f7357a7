import { mkdirSync, rmdirSync } from "node:fs";
import { type Page, expect, open, scripted, test } from "./support";

// One run at a time on one server: these tests take turns, and so do the two projects, by a folder that one
// of them makes. Playwright empties the place it is in before the first test.
test.describe.configure({ mode: "default", timeout: 120_000 });

const turn = "test-results/chaos-turn";

test.beforeEach(async () => {
  mkdirSync("test-results", { recursive: true });
  await expect(() => mkdirSync(turn)).toPass({ timeout: 90_000, intervals: [100] });
});

test.afterEach(() => rmdirSync(turn));

/** Starts a run. One that was stopped may still be putting its things away. */
async function start(page: Page, fields: Record<string, string>, guards: "on" | "off" = "on") {
  await expect(async () => {
    await open(page, "/chaos");
    await expect(page.getByRole("button", { name: "Start" })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
  for (const [name, value] of Object.entries(fields)) await page.getByLabel(name, { exact: true }).fill(value);
  if (guards === "off") await page.getByRole("switch", { name: "Without guards" }).check();
  await page.getByRole("button", { name: "Start" }).click();
}

/** Waits for the end: the page looks by itself, or is looked at again. */
async function ended(page: Page) {
  const over = page.getByText(/The run has ended/);
  if (scripted()) {
    await expect(over).toBeVisible({ timeout: 30_000 });
    return;
  }
  await expect(async () => {
    await page.goto("/chaos");
    await expect(over).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
}

test("fifty come for ten, ten are sold, and it is proved", async ({ page }) => {
  await start(page, { Buyers: "50", Units: "10", "At a time": "50" });
  await ended(page);
  await expect(page.getByRole("heading", { name: "50 buyers for 10 units, 50 at a time" })).toBeVisible();
  await expect(page.getByTestId("verdict")).toHaveText(/^10 sold of 10, \d+ refused, .*0 oversold, journal balanced$/);
  await expect(page.getByRole("img", { name: "Not so" })).toHaveCount(0);
  await expect(page.getByRole("img", { name: "Proved" })).toHaveCount(7);
  await expect(page.getByRole("img", { name: /^Buyers: 10 won/ })).toBeVisible();
  await expect(page.getByRole("table", { name: /how long they took/ }).getByRole("row")).not.toHaveCount(1);

  await page.getByRole("link", { name: "Journal of the run" }).click();
  await expect(page).toHaveURL(/\/audit\?sku=CHAOS-/);
  await expect(page.getByRole("list", { name: "Journal entries" })).toContainText("Product archived");
});

test("without guards it oversells, and the page says so", async ({ page }) => {
  await start(page, { Buyers: "200", Units: "10", "At a time": "50" }, "off");
  await ended(page);
  await expect(page.getByRole("heading", { name: /without guards$/ })).toBeVisible();
  const verdict = page.getByTestId("verdict");
  await expect(verdict).toHaveText(/^\d+ sold of 10, \d+ refused, [1-9]\d* oversold$/);
  await expect(page.getByText("This is what happens without guards")).toBeVisible();
});

test("a run is stopped", async ({ page }) => {
  await start(page, { Buyers: "20,000", Units: "20,000", "At a time": "2" });
  await expect(page.getByText("A run is under way: one at a time.")).toBeVisible();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(async () => {
    if (!scripted()) await page.goto("/chaos");
    await expect(page.getByText(/The run was stopped/)).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
});

test("what can't be a run is said at its field", async ({ page }) => {
  await start(page, { Buyers: "20,001", Units: "0", "At a time": "50" });
  await expect(page.getByText("Buyers must be a whole number from 1 to 20,000")).toBeVisible();
  await expect(page.getByText("Units must be a whole number from 1 to 20,000")).toBeVisible();
  await expect(page.getByLabel("Buyers", { exact: true })).toHaveValue("20,001");
});
