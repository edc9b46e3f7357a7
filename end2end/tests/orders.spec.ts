import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { APIRequestContext, Page } from "@playwright/test";
import { available, expect, hold, open, order, product, scripted, test, unique } from "./support";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where the order on the page stands. */
const status = (page: Page) => page.getByRole("region", { name: "State" }).locator(".badge");

const timeline = (page: Page) => page.getByRole("list", { name: "Timeline of this order" });

test("an operator filters, opens an order, ships it, and comes back to the same list", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const email = `${unique("anna")}@example.com`.toLowerCase();
  const { number } = await order(request, sku, 3, { customer: { email } });
  await order(request, sku, 2, { customer: { email }, confirm: true });
  await open(page, "/orders");
  await page.getByRole("searchbox", { name: "Customer" }).fill(email);
  await page.getByRole("checkbox", { name: "Pending" }).check();
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/status=pending/);
  await expect(page.getByRole("row")).toHaveCount(2);
  const row = page.getByRole("row").filter({ hasText: `${number}` });
  await expect(row).toContainText("38.97 GBP");
  await expect(row).toContainText("Pending");
  const list = new URL(page.url()).searchParams.get("customer");
  await page.getByRole("link", { name: `${number}`, exact: true }).click();

  await expect(page.getByRole("heading", { name: `Order ${number}`, level: 1 })).toBeVisible();
  await expect(status(page)).toHaveText("Pending");
  await expect(page.getByRole("timer")).toHaveText(/^(10:00|09:5\d)$/);
  await expect(timeline(page).getByText("Order placed")).toBeVisible();
  const told = await timeline(page).getByRole("listitem").count();
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(status(page)).toHaveText("Confirmed");
  await expect(page.getByRole("timer")).toHaveCount(0);
  await page.getByRole("button", { name: "Process" }).click();
  await expect(status(page)).toHaveText("Processing");
  await expect(page.getByText("Takes 3 units out of MAIN.")).toBeVisible();
  await page.getByRole("button", { name: "Ship" }).click();
  await expect(status(page)).toHaveText("Shipped");
  await expect(timeline(page).getByText("Order shipped")).toBeVisible();
  await expect(timeline(page).getByText(`3 × ${sku} left MAIN`)).toBeVisible();
  await expect(timeline(page).getByRole("listitem")).toHaveCount(told + 3);
  const diagram = page.getByRole("img", { name: /The order's way so far: pending, then confirmed, then processing, then shipped\./ });
  await expect(diagram).toBeVisible();
  expect(await available(request, sku)).toBe(5);

  await page.getByRole("main").getByRole("link", { name: "Orders", exact: true }).click();
  await expect(page).toHaveURL(/\/orders\?.*status=pending/);
  expect(new URL(page.url()).searchParams.get("customer")).toBe(list);
  await expect(page.getByRole("checkbox", { name: "Pending" })).toBeChecked();
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.getByRole("link", { name: "Remove the filter Status Pending" }).click();
  await expect(page.getByRole("row").filter({ hasText: `${number}` })).toContainText("Shipped");
  await expect(page.getByRole("row")).toHaveCount(3);
});

test("filters, sort and pages of orders are in the address", async ({ page, request }) => {
  const { sku } = await product(request, 100);
  const email = `${unique("bo")}@example.com`.toLowerCase();
  for (const quantity of [1, 3, 2]) await order(request, sku, quantity, { customer: { email } });
  await open(page, `/orders?customer=${email}&min=13&max=40&sort=highest`);
  const totals = page.locator("tbody tr td.total");
  await expect(totals).toHaveText(["38.97 GBP", "25.98 GBP"]);
  await expect(page.getByRole("columnheader", { name: "Total" })).toHaveAttribute("aria-sort", "descending");
  await page.getByRole("link", { name: "Newest", exact: true }).click();
  await expect(totals).toHaveText(["25.98 GBP", "38.97 GBP"]);
  await page.getByRole("link", { name: "Remove the filter Greatest total 40" }).click();
  await page.getByRole("link", { name: "Remove the filter Least total 13" }).click();
  await expect(totals).toHaveText(["25.98 GBP", "38.97 GBP", "12.99 GBP"]);
  const csv = await page.getByRole("link", { name: "Export CSV" }).getAttribute("href");
  expect(csv).toBe(`/api/orders.csv?customer=${encodeURIComponent(email)}`);
  await page.goBack();
  await expect(totals).toHaveText(["25.98 GBP", "38.97 GBP"]);
});

test("a filter that can't be read is told of at its field", async ({ page }) => {
  await open(page, "/orders?from=2026-02-02&to=2026-02-01");
  await expect(page.getByText("From may not be after the end of the range")).toBeVisible();
  await expect(page.getByRole("heading", { name: "This filter can't be read" })).toBeVisible();
  await page.getByRole("textbox", { name: "Least total" }).fill("12,5");
  await page.getByLabel("To", { exact: true }).fill("2026-03-01");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page.getByText("Least total must be an amount such as")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Least total" })).toHaveValue("12,5");
  await expect(page.getByText("From may not be after")).toHaveCount(0);
  await page.getByRole("textbox", { name: "Least total" }).fill("12.5");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/min=12\.5/);
  await expect(page.getByText("Least total must be")).toHaveCount(0);
});

test("an order is made of a hold, and the hold is then its order's", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { id } = await hold(request, sku, 3);
  const email = `${unique("cleo")}@example.com`.toLowerCase();
  await open(page, `/reservations/${id}`);
  await page.getByLabel("Customer").fill(email);
  await page.getByRole("button", { name: "Make order" }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await expect(status(page)).toHaveText("Pending");
  await expect(page.getByRole("link", { name: email })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: sku })).toContainText("38.97 GBP");

  await page.getByRole("link", { name: "Open the reservation" }).first().click();
  await expect(page).toHaveURL(new RegExp(`/reservations/${id}`));
  await expect(page.getByRole("link", { name: "Open the order" }).first()).toBeVisible();
  for (const name of ["Extend", "Release", "Make order"]) {
    await expect(page.getByRole("button", { name })).toHaveCount(0);
  }
});

test("a late payer gets the units while they are free, and is told where they are not", async ({ page, request }) => {
  const { sku } = await product(request, 3);
  const late = await hold(request, sku, 3, { ttl_seconds: 1 });
  await page.waitForTimeout(1_200);
  await open(page, `/reservations/${late.id}`);
  await page.getByLabel("Payment").selectOption("now");
  await page.getByRole("button", { name: "Make order" }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await expect(status(page)).toHaveText("Confirmed");
  await page.getByRole("button", { name: "Cancel order" }).click();
  await expect(status(page)).toHaveText("Cancelled");
  expect(await available(request, sku)).toBe(3);

  const later = await hold(request, sku, 2, { ttl_seconds: 1 });
  await page.waitForTimeout(1_200);
  await hold(request, sku, 3);
  await open(page, `/reservations/${later.id}`);
  await page.getByRole("button", { name: "Make order" }).click();
  await expect(page.getByText(/2 asked for, 0 available/)).toBeVisible();
});

test("a step that is not allowed says why, and one that ends the order asks what becomes of the units", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { id, number } = await order(request, sku, 4);
  await open(page, `/orders/${number}`);
  await expect(page.getByRole("button", { name: "Ship" })).toBeDisabled();
  await expect(page.getByText("Only from processing; it is pending.")).toBeVisible();
  for (const to of ["confirmed", "processing", "shipped"]) {
    expect((await request.patch(`/api/orders/${id}`, { data: { status: to } })).status()).toBe(200);
  }
  await open(page, `/orders/${id}`);
  await page.getByLabel("Its units").selectOption("false");
  await page.getByRole("button", { name: "Return" }).click();
  await expect(status(page)).toHaveText("Returned");
  expect(await available(request, sku)).toBe(6);
  await expect(page.getByRole("button", { name: "Deliver" })).toBeDisabled();
});

test("of two operators one wins, and the other is told", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { number } = await order(request, sku, 4);
  // The page is quicker than a person: it is kept from hearing of the other one.
  await page.route("**/api/events*", () => {});
  await open(page, `/orders/${number}`);
  expect((await request.patch(`/api/orders/${number}`, { data: { status: "confirmed" } })).status()).toBe(200);
  await page.getByRole("button", { name: "Cancel order" }).click();
  await expect(page.getByText(/The order was changed meanwhile/)).toBeVisible();
  expect((await (await request.get(`/api/orders/${number}`)).json()).status).toBe("confirmed");
  await page.getByRole("link", { name: "Read it again" }).click();
  await expect(page.getByText(/The order was changed meanwhile/)).toHaveCount(0);
  await expect(status(page)).toHaveText("Confirmed");
  await page.getByRole("button", { name: "Cancel order" }).click();
  await expect(status(page)).toHaveText("Cancelled");
  expect(await available(request, sku)).toBe(10);
});

test("a pending order ends with its hold, and the page says so", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { id } = await hold(request, sku, 6, { ttl_seconds: 3 });
  const placed = await request.post("/api/orders", { data: { reservation_id: id } });
  const { number } = await placed.json();
  if (!scripted()) await page.waitForTimeout(3_600);
  await open(page, `/orders/${number}`);
  await expect(status(page)).toHaveText("Expired", { timeout: 6_000 });
  await expect(timeline(page).getByText("Order expired")).toBeVisible();
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(status(page)).toHaveText("Confirmed");
  expect(await available(request, sku)).toBe(4);
});

test("a note stays with its order, as it was written", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { number } = await order(request, sku, 1);
  await open(page, `/orders/${number}`);
  const note = page.getByLabel("Note", { exact: true });
  await note.fill("Leave it <b>at the door</b>\n& ring twice");
  await page.getByRole("button", { name: "Write note" }).click();
  const notes = page.getByRole("list", { name: "Notes" });
  await expect(notes).toContainText("Leave it <b>at the door</b>");
  await expect(note).toHaveValue("");
  await expect(timeline(page).getByText("Note written")).toBeVisible();
  await expect(status(page)).toHaveText("Pending");
});

test("the audit log is narrowed to one order, and to one action", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { number } = await order(request, sku, 2, { confirm: true });
  await open(page, "/audit");
  const entries = page.getByRole("list", { name: "Journal entries" });
  await expect(entries).toBeVisible();
  await page.getByLabel("About").selectOption("order");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page.getByText("Which is required")).toBeVisible();
  await page.getByLabel("Which").fill(`${number}`);
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(new RegExp(`id=${number}`));
  await expect(entries.getByRole("listitem")).toHaveCount(2);
  await expect(entries).toContainText(`Order ${number} confirmed`);
  await expect(entries).toContainText(`Order ${number} placed`);
  await page.getByLabel("Action").selectOption("order.placed");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(entries.getByRole("listitem")).toHaveCount(1);
  await entries.getByText(`Order ${number} placed`).click();
  await expect(entries.getByRole("row").filter({ hasText: "Status" })).toContainText("pending");
  await entries.getByRole("link", { name: "Open the order" }).click();
  await expect(page.getByRole("heading", { name: `Order ${number}`, level: 1 })).toBeVisible();

  await open(page, `/audit?sku=${sku}&action=stock.received`);
  await expect(entries.getByRole("listitem")).toHaveCount(1);
  await expect(entries).toContainText(`10 × ${sku} came into MAIN`);
});

test("orders fit a small screen", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const email = `${unique("a-very-long-address-without-any-space-in-it")}@example.com`.toLowerCase();
  const { number } = await order(request, sku, 3, { customer: { email }, reference: unique("R") });
  await page.setViewportSize({ width: 375, height: 800 });
  for (const path of ["/orders", `/orders?customer=${email}&status=pending`, `/orders/${number}`, "/audit"]) {
    await open(page, path);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(overflow, path).toBe(0);
  }
});

for (const scheme of ["light", "dark"] as const) {
  // The checker is a script; the pages without are the same.
  test(`everyone can read the pages of orders, ${scheme}`, { tag: "@script" }, async ({ page, request }) => {
    const { sku } = await product(request, 40);
    const email = `${unique("dora")}@example.com`.toLowerCase();
    const customer = { email };
    const { number } = await order(request, sku, 3, { customer });
    // One of each status but expired, which has the colours of a reservation's.
    const ways = [["confirmed"], ["confirmed", "processing"], ["confirmed", "processing", "shipped"], ["cancelled"]];
    ways.push([...ways[2], "delivered"], [...ways[2], "returned"]);
    for (const way of ways) {
      const { id } = await order(request, sku, 1, { customer });
      for (const status of way) await request.patch(`/api/orders/${id}`, { data: { status } });
    }
    await request.patch(`/api/orders/${number}`, { data: { note: "Ring twice" } });
    await page.emulateMedia({ colorScheme: scheme });
    const places = [`/orders?customer=${email}`, "/orders?from=x", `/orders/${number}`, "/audit", "/audit?kind=order"];
    for (const path of places) {
      await open(page, path);
      await page.evaluate(axe);
      const found = await page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] })");
      const violations = (found as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] })
        .violations;
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`);
      expect(told, path).toEqual([]);
    }
  });
}
