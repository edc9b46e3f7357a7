import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, hold, open, order, product, test, unique } from "./support";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const places = ["/", "/products", "/products/new", "/reservations", "/reservations?status=all", "/warehouses", "/warehouses/MAIN", "/audit", "/settings", "/chaos", "/nowhere"];

/** What the checker has to say about the page as it stands. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] })");
  const { violations } = found as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`);
}

/** The page of a user. */
async function userPage(request: APIRequestContext): Promise<string> {
  const users = await (await request.get("/api/users")).json();
  return `/settings/users/${users.items[0].id}`;
}

test("places are marked, and reached by links", async ({ page }) => {
  await open(page, "/");
  const rail = page.getByRole("navigation", { name: "Places", exact: true });
  for (const place of ["Products", "Reservations", "Warehouses", "Overview"]) {
    await rail.getByRole("link", { name: place }).click();
    await expect(page.getByRole("heading", { name: place, level: 1 })).toBeVisible();
    await expect(rail.getByRole("link", { name: place })).toHaveAttribute("aria-current", "page");
  }
});

test("a small screen leads to all places", async ({ page }) => {
  await page.setViewportSize({ width: 375, height: 800 });
  await open(page, "/");
  const bar = page.getByRole("navigation", { name: "Places", exact: true });
  await expect(bar.getByRole("link")).toHaveText(["Overview", "Products", "Reservations", "Orders", "Warehouses"]);
  const more = page.getByRole("button", { name: "More places" });
  const menu = page.getByRole("navigation", { name: "More places" });
  for (const place of ["Audit log", "Chaos test", "Settings"]) {
    await more.click();
    await menu.getByRole("link", { name: place }).click();
    await expect(page.getByRole("heading", { name: place, level: 1 })).toBeVisible();
    await expect(menu).toBeHidden();
    await expect(more).toHaveAttribute("aria-current", "true");
  }
  await more.click();
  await page.keyboard.press("Escape");
  await expect(menu).toBeHidden();
  await bar.getByRole("link", { name: "Orders" }).click();
  await expect(more).not.toHaveAttribute("aria-current");
});

test("what is not there is said in the same house", async ({ page, request }) => {
  const missing = await request.get("/nowhere", { headers: { accept: "text/html" } });
  expect(missing.status()).toBe(404);
  expect((await request.get("/products/NO-SUCH-SKU")).status()).toBe(404);
  await open(page, "/nowhere");
  await expect(page.getByRole("navigation", { name: "Places", exact: true })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("nothing needs to be scrolled sideways on a small screen", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { id } = await hold(request, sku, 3, { owner: "a-very-long-owner-label-without-any-space-in-it-at-all" });
  await page.setViewportSize({ width: 375, height: 800 });
  const user = await userPage(request);
  for (const path of [...places, `/products/${sku}`, `/reservations/${id}`, user]) {
    await open(page, path);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(overflow, path).toBe(0);
  }
});

test("the theme is kept", async ({ page }) => {
  await open(page, "/");
  await page.getByRole("button", { name: /dark/i }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await open(page, "/products");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

for (const scheme of ["light", "dark"] as const) {
  // The checker is a script; the pages without are the same.
  test(`everyone can read it, ${scheme}`, { tag: "@script" }, async ({ page, request }) => {
    // Every page is opened and read by the checker.
    test.slow();
    const { sku } = await product(request, 10);
    const { id } = await hold(request, sku, 3);
    await page.emulateMedia({ colorScheme: scheme });
    await request.post("/api/keys", { data: { name: unique("shop"), role: "viewer" } });
    const user = await userPage(request);
    for (const path of [...places, `/products/${sku}`, `/reservations/${id}`, user]) {
      await open(page, path);
      for (const summary of await page.locator("main details.card > summary").all()) await summary.click();
      expect(await violations(page), path).toEqual([]);
    }
    // With what was opened: a question, and a secret that is shown once.
    await open(page, "/settings");
    await page.getByRole("button", { name: "Revoke" }).first().click();
    expect(await violations(page), "a question").toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByText("New API key").click();
    await page.locator("form").filter({ hasText: "Ends on" }).getByLabel("Name").fill(unique("shop"));
    await page.getByRole("button", { name: "Create key" }).click();
    await expect(page.getByTestId("shown-once")).toBeVisible();
    expect(await violations(page), "a secret").toEqual([]);
    await page.keyboard.press("ControlOrMeta+k");
    await expect(page.getByRole("dialog", { name: "Go to" })).toBeVisible();
    expect(await violations(page), "the palette").toEqual([]);
    await page.context().clearCookies();
    await page.goto("/settings");
    await expect(page.locator("main form")).toHaveJSProperty("noValidate", true);
    expect(await violations(page), "/sign-in").toEqual([]);
  });
}

test("a few letters lead anywhere", { tag: "@script" }, async ({ page, request }) => {
  const { sku } = await product(request, 5);
  const { number } = await order(request, sku, 2, { confirm: true });
  await open(page, "/settings");
  const palette = page.getByRole("dialog", { name: "Go to" });
  const ways = palette.getByRole("list", { name: "Where to" }).getByRole("link");
  await page.keyboard.press("ControlOrMeta+k");
  await expect(palette.getByRole("textbox")).toBeFocused();
  await expect(ways).toHaveCount(8);
  await page.keyboard.type("ware");
  await expect(ways).toHaveText(["Warehouses"]);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Warehouses", level: 1 })).toBeVisible();
  await expect(palette).toBeHidden();

  // What was typed is still there, and gives way to what is typed now.
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type(sku);
  await expect(ways).toHaveCount(1);
  await expect(ways).toContainText(`Product ${sku}`);
  await page.keyboard.press("ArrowDown");
  await expect(ways.first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/products/${sku}`));

  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type(`${number}`);
  await expect(ways.first()).toContainText(`Order ${number}`);
  await page.keyboard.press("ArrowUp");
  await expect(ways.last()).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(palette.getByRole("textbox")).toBeFocused();
  await ways.first().click();
  await expect(page.getByRole("heading", { name: `Order ${number}`, level: 1 })).toBeVisible();

  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("nothing is called like this");
  await expect(palette.getByRole("status")).toHaveText("Nothing is called so.");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();

  // Enter waits for what was asked, and takes no answer to anything else.
  await page.keyboard.press("/");
  await page.keyboard.type(sku);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/products/${sku}`));
  await expect(palette).toBeHidden();
});

// Keys are a script's; every place is a link without them.
test("keys lead through the house", { tag: "@script" }, async ({ page, request }) => {
  const { sku } = await product(request, 1);
  await open(page, `/products?q=${sku}`);
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search products" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: sku })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/products/${sku}`));
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();
});
