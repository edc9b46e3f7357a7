import type { APIRequestContext } from "@playwright/test";
import { expect, hold, open, product, scripted, test } from "./support";

/** A code that no other test has, of 16 characters at most. */
const code = (name: string) => `${name}${scripted() ? "J" : "P"}${Math.random().toString(36).slice(2, 8).toUpperCase()}`;

/** A warehouse far behind the main one, made through the API. */
async function warehouse(request: APIRequestContext, name: string, priority = 900): Promise<string> {
  const made = code(name);
  const created = await request.post("/api/warehouses", { data: { code: made, name: `Hall ${made}`, priority } });
  expect(created.status(), await created.text()).toBe(201);
  return made;
}

async function receive(request: APIRequestContext, sku: string, warehouse: string, delta: number) {
  const received = await request.post(`/api/products/${sku}/stock`, { data: { warehouse, delta, reason: "received" } });
  expect(received.status(), await received.text()).toBe(200);
}

async function stock(request: APIRequestContext, sku: string, warehouse: string): Promise<number> {
  const product = await (await request.get(`/api/products/${sku}`)).json();
  return product.stock.find((row: { warehouse: string }) => row.warehouse === warehouse)?.on_hand ?? 0;
}

test("a warehouse is made, renamed, moved back, and passed by after a question", async ({ page, request }) => {
  const made = code("W");
  await open(page, "/warehouses");
  await expect(page.getByRole("link", { name: "MAIN" })).toBeVisible();
  await page.getByText("New warehouse").click();
  await page.getByLabel("Code").fill(made);
  await page.getByRole("textbox", { name: "Priority" }).fill("first");
  await page.getByLabel("Name").fill("Hall three");
  await page.getByRole("button", { name: "Create warehouse" }).click();
  await expect(page.getByText(/Priority must be a whole number from 1/)).toBeVisible();
  await page.getByRole("textbox", { name: "Priority" }).fill("901");
  await page.getByRole("button", { name: "Create warehouse" }).click();
  await page.getByRole("link", { name: made }).click();
  await expect(page.getByRole("heading", { name: "Hall three", level: 1 })).toBeVisible();

  await page.getByLabel("Name").fill("Hall four");
  await page.getByRole("textbox", { name: "Priority" }).fill("902");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Hall four", level: 1 })).toBeVisible();
  await expect(page.getByText("priority 902")).toBeVisible();

  await page.getByRole("button", { name: "Deactivate" }).click();
  const question = page.getByRole("dialog", { name: `Deactivate ${made}?` });
  await expect(question).toBeVisible();
  await question.getByRole("button", { name: "Deactivate warehouse" }).click();
  await expect(page.getByText("New reservations pass it by")).toBeVisible();
  expect(await (await request.get(`/api/warehouses/${made}`)).json()).toEqual({
    code: made, name: "Hall four", priority: 902, active: false,
  });
  await page.getByRole("button", { name: "Activate" }).click();
  await expect(page.getByText("Units are reserved from it")).toBeVisible();

  const journal = page.getByRole("list", { name: "Journal of this warehouse" });
  await expect(journal.locator(".entry-what strong")).toHaveText([
    /^Warehouse activated/, /^Warehouse deactivated/, /^Warehouse changed/, /^Warehouse created/,
  ]);
  await page.getByRole("link", { name: "All in the audit log" }).click();
  await expect(page).toHaveURL(new RegExp(`kind=warehouse&id=${made}`));
  await expect(page.getByRole("list", { name: "Journal entries" }).getByRole("listitem")).toHaveCount(4);
});

test("a taken code is refused with a word, and what was typed stays", async ({ page }) => {
  await open(page, "/warehouses");
  await page.getByText("New warehouse").click();
  await page.getByLabel("Code").fill("MAIN");
  await page.getByRole("textbox", { name: "Priority" }).fill("3");
  await page.getByLabel("Name").fill("Another");
  await page.getByRole("button", { name: "Create warehouse" }).click();
  await expect(page.getByText(/MAIN is taken by another warehouse/)).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Another");
});

test("stock is moved to another warehouse, and what is held stays", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const there = await warehouse(request, "T");
  await hold(request, sku, 7);
  await open(page, `/products/${sku}`);
  await page.getByLabel("From", { exact: true }).selectOption("MAIN");
  await page.getByLabel("To", { exact: true }).selectOption(there);
  await page.getByLabel("How many").fill("4");
  await page.getByRole("button", { name: "Transfer" }).click();
  await expect(page.getByText(/4 asked for, 3 available in MAIN/)).toBeVisible();
  await page.getByLabel("How many").fill("3");
  await page.getByRole("button", { name: "Transfer" }).click();
  await expect(page.getByRole("list", { name: "Journal of this product" })).toContainText("Stock transferred");
  await expect(page.getByRole("listitem").filter({ hasText: there }).first()).toContainText("3 available, 0 held");
  expect([await stock(request, sku, "MAIN"), await stock(request, sku, there)]).toEqual([7, 3]);
});

test("the form says from where units would be taken, and takes them from there", async ({ page, request }) => {
  const { sku } = await product(request, 4);
  const there = await warehouse(request, "R");
  await receive(request, sku, there, 9);
  await open(page, `/products/${sku}`);
  await page.getByLabel("Quantity").fill("6");
  const [first, second] = [`4 from MAIN`, `2 from ${there}`];
  const preview = page.locator(".preview");
  if (scripted()) {
    await expect(preview).toHaveText(`Takes ${first} and ${second} and leaves 7 available.`);
    await page.getByLabel("Take from").selectOption("most_stock");
    await expect(preview).toHaveText(`Takes 6 from ${there} and leaves 7 available.`);
    await page.getByLabel("Take from").selectOption("in:MAIN");
    await expect(preview).toHaveText("Only 4 available in MAIN.");
  }
  await page.getByLabel("Take from").selectOption("priority");
  await page.getByRole("button", { name: "Reserve" }).click();
  await expect(page.getByTestId("held")).toHaveText("6");
  const [held] = (await (await request.get(`/api/reservations?sku=${sku}`)).json()).items;
  const taken = held.lines[0].allocations.map((part: { warehouse: string; quantity: number }) => [part.warehouse, part.quantity]);
  expect(taken).toEqual([["MAIN", 4], [there, 2]]);
  await open(page, `/reservations/${held.id}`);
  await expect(page.getByText(`${first}, by priority; ${second}, by priority`)).toBeVisible();
});

test("a warehouse that is passed by is not counted on", async ({ page, request }) => {
  const { sku } = await product(request, 4);
  const there = await warehouse(request, "P");
  await receive(request, sku, there, 9);
  const passed = await request.patch(`/api/warehouses/${there}`, { data: { active: false } });
  expect(passed.status()).toBe(200);
  await open(page, `/products/${sku}`);
  await expect(page.getByTestId("available")).toHaveText("4");
  await expect(page.getByTestId("on-hand")).toHaveText("13");
  await expect(page.getByRole("listitem").filter({ hasText: there }).first()).toContainText("9 free, not active");
  await page.getByLabel("Quantity").fill("5");
  if (scripted()) await expect(page.locator(".preview")).toHaveText("Only 4 available.");
  await page.getByRole("button", { name: "Reserve" }).click();
  await expect(page.getByText(/5 asked for, 4 available/)).toBeVisible();
});
