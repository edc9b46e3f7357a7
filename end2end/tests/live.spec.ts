import { admin } from "./people";
import { elsewhere, expect, hold, open, order, product, test } from "./support";

// What moves by itself needs a script: without one a page is read when one asks for it.

test("a bar moves in another browser when units are reserved, without a reload @script", async ({ page, pageOf, request }) => {
  const { sku } = await product(request, 10);
  const other = await pageOf(admin);
  await open(page, `/products/${sku}`);
  await open(other, `/products/${sku}`);
  await expect(other.getByText("Live", { exact: true })).toBeVisible();
  await other.evaluate(() => ((window as any).isTheSame = true));

  await page.getByLabel("Quantity").fill("4");
  await page.getByRole("button", { name: "Reserve" }).click();
  const began = Date.now();
  await expect(other.getByTestId("available")).toHaveText("6");
  expect(Date.now() - began).toBeLessThan(2_000);
  await expect(other.getByTestId("held")).toHaveText("4");
  await expect(other.getByRole("img", { name: "4 held, 6 available" })).toBeVisible();
  await expect(other.getByRole("table", { name: "Holds of this product" }).getByRole("row")).toHaveCount(2);
  await expect(other.getByRole("list", { name: "Journal of this product" })).toContainText("Units held");
  expect(await other.evaluate(() => (window as any).isTheSame)).toBe(true);
});

test("a page of one server moves when another one commits @script", async ({ page, pageOf, request }) => {
  const { sku } = await product(request, 10);
  const other = await pageOf(admin);
  await open(page, `/products/${sku}`);
  await open(other, elsewhere(`/products/${sku}`));
  for (const one of [page, other]) await expect(one.getByText("Live", { exact: true })).toBeVisible();

  for (const [from, to, left] of [[page, other, "7"], [other, page, "4"]] as const) {
    await from.getByLabel("Quantity").fill("3");
    await from.getByRole("button", { name: "Reserve" }).click();
    await expect(from.getByTestId("available")).toHaveText(left);
    const seen = Date.now();
    await expect(to.getByTestId("available")).toHaveText(left);
    expect(Date.now() - seen).toBeLessThan(2_000);
  }
});

test("a countdown reaches zero, and the units return in both browsers @script", async ({ page, pageOf, request }) => {
  const { sku } = await product(request, 5);
  const other = await pageOf(admin);
  for (const one of [page, other]) {
    await open(one, `/products/${sku}`);
    await expect(one.getByText("Live", { exact: true })).toBeVisible();
  }
  await hold(request, sku, 2, { ttl_seconds: 4 });
  for (const one of [page, other]) {
    await expect(one.getByTestId("available")).toHaveText("3");
    await expect(one.getByRole("timer")).toHaveText(/00:0[1-4]/);
  }
  for (const one of [page, other]) {
    await expect(one.getByTestId("available")).toHaveText("5", { timeout: 8_000 });
    await expect(one.getByText("Nothing of it is held.")).toBeVisible();
  }
});

test("rows of products and orders move, and an order's timeline grows @script", async ({ page, pageOf, request }) => {
  const { sku } = await product(request, 10);
  const placed = await order(request, sku, 3);
  const [orders, one] = [await pageOf(admin), await pageOf(admin)];
  await open(page, `/products?q=${sku.toLowerCase()}`);
  await open(orders, "/orders");
  await open(one, `/orders/${placed.number}`);
  for (const each of [page, orders, one]) await expect(each.getByText("Live", { exact: true })).toBeVisible();
  const row = orders.getByRole("row").filter({ has: orders.getByRole("link", { name: `${placed.number}`, exact: true }) });
  await expect(row).toContainText("Pending");

  await request.patch(`/api/orders/${placed.number}`, { data: { status: "confirmed" } });
  await expect(row).toContainText("Confirmed");
  await expect(one.getByRole("list", { name: "Timeline of this order" })).toContainText("confirmed");
  await hold(request, sku, 2);
  await expect(page.getByRole("img", { name: "5 held, 5 available" })).toBeVisible();
});

test("a page says that the server is away, and reads itself again when it is back @script", async ({ page, quiet, request }) => {
  const { sku } = await product(request, 10);
  await open(page, `/products/${sku}`);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.context().setOffline(true);
  // Chromium leaves a stream open that was there before: the page is made to ask anew.
  await page.route("**/api/events*", (route) => route.abort());
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await expect(page.getByText(/^(Reconnecting|Offline)$/)).toBeVisible();
  await hold(request, sku, 4);
  await page.unroute("**/api/events*");
  await page.context().setOffline(false);
  await expect(page.getByText("Live", { exact: true })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByTestId("available")).toHaveText("6");
  // The console notes each try.
  quiet.splice(0, quiet.length, ...quiet.filter((said) => !said.includes("ERR_")));
});

test("stock is shown over time, and as it was", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const at = new Date(Date.now() + 1_000).toISOString().slice(0, 19);
  await page.waitForTimeout(1_500);
  await hold(request, sku, 4, { owner: "cart-of-then" });
  await open(page, `/products/${sku}?over=all`);
  await expect(page.getByRole("img", { name: /^Stock over all time: .* 6 available and 4 held now/ })).toBeVisible();
  await page.getByText("As a table").click();
  await expect(page.getByRole("table", { name: /^Stock over time/ }).getByRole("row").last()).toContainText("6");

  await page.getByLabel("At", { exact: true }).fill(at);
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL(/over=all/);
  await expect(page.getByText("10 available, 0 held, 10 on hand.")).toBeVisible();
  await expect(page.getByText("Nobody held any.")).toBeVisible();
  const later = new Date().toISOString();
  await open(page, `/products/${sku}?at=${later}`);
  await expect(page.getByRole("table", { name: "Who held it then" })).toContainText("cart-of-then");
  await page.getByRole("link", { name: "Now", exact: true }).click();
  await expect(page.getByText("Nobody held any.")).toHaveCount(0);
});
