import { available, expect, hold, open, product, scripted, test, unique } from "./support";

test("units are reserved on the product's page, and the API says the same", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  await open(page, `/products/${sku}`);
  await expect(page.getByTestId("available")).toHaveText("10");
  await page.getByLabel("Quantity").fill("6");
  if (scripted()) await expect(page.getByText("Takes 6 and leaves 4 available.")).toBeVisible();
  await page.getByRole("button", { name: "Reserve" }).click();
  await expect(page.getByTestId("available")).toHaveText("4");
  await expect(page.getByTestId("held")).toHaveText("6");
  await expect(page.getByRole("timer")).toHaveText(/^(10:00|09:5\d)$/);
  expect(await available(request, sku)).toBe(4);
  const journal = page.getByRole("list", { name: "Journal of this product" });
  await expect(journal.getByText(`6 × ${sku} held in MAIN`)).toBeVisible();
});

test("more than there is is refused where it was asked for", async ({ page, request }) => {
  const { sku } = await product(request, 5);
  await open(page, `/products/${sku}`);
  await page.getByLabel("Quantity").fill("6");
  if (scripted()) await expect(page.getByText("Only 5 available.")).toBeVisible();
  await page.getByRole("button", { name: "Reserve" }).click();
  await expect(page.getByText(/6 asked for, 5 available/)).toBeVisible();
  await expect(page.getByLabel("Quantity")).toHaveValue("6");
  await expect(page.getByTestId("available")).toHaveText("5");
  await page.getByLabel("Quantity").fill("5");
  await page.getByRole("button", { name: "Reserve" }).click();
  await expect(page.getByTestId("available")).toHaveText("0");
  await expect(page.getByText(/6 asked for/)).toHaveCount(0);
});

test("a hold that ends goes back on sale, and the page says so", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  await open(page, `/products/${sku}`);
  await hold(request, sku, 6, { ttl_seconds: 2 });
  const began = Date.now();
  await page.reload();
  await expect(page.getByTestId("available")).toHaveText("4");
  if (!scripted()) {
    await page.waitForTimeout(2_400 - (Date.now() - began));
    await page.reload();
  }
  await expect(page.getByTestId("available")).toHaveText("10", { timeout: 3_500 });
  if (scripted()) await expect(page.getByRole("status")).toContainText("A hold expired");
  const journal = page.getByRole("list", { name: "Journal of this product" });
  await expect(journal.getByText("Hold expired")).toBeVisible();
  await expect(journal.getByText("Units held")).toBeVisible();
});

test("a hold is extended and released from the list", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const owner = unique("cart");
  await hold(request, sku, 2, { ttl_seconds: 120, owner });
  await open(page, `/reservations?owner=${owner}`);
  const row = page.getByRole("row").filter({ hasText: sku });
  await expect(row.getByRole("timer")).toHaveText(/^01:5\d$|^02:00$/);
  await row.getByRole("button", { name: "Extend" }).click();
  await expect(row.getByRole("timer")).toHaveText(/^(10:00|09:5\d)$/);
  await row.getByRole("button", { name: "Release" }).click();
  await expect(page.getByRole("button", { name: "Release" })).toHaveCount(0);
  expect(await available(request, sku)).toBe(10);

  await open(page, `/reservations?status=released&owner=${owner}`);
  await expect(page.getByRole("row").filter({ hasText: sku })).toContainText("Released");
});

test("tabs and filters are in the address", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  await hold(request, sku, 1);
  await open(page, "/reservations");
  await page.getByRole("searchbox", { name: "SKU" }).fill(sku);
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(new RegExp(`sku=${sku}`));
  await expect(page.getByRole("row").filter({ hasText: sku })).toHaveCount(1);
  await page.getByRole("link", { name: "Expired", exact: true }).click();
  await expect(page).toHaveURL(/status=expired/);
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("row").filter({ hasText: sku })).toHaveCount(1);
  await page.getByRole("link", { name: `Remove the filter SKU ${sku}` }).click();
  await expect(page).not.toHaveURL(/sku=/);
});

test("one reservation shows its lines, its time and its journal", async ({ page, request }) => {
  const { sku } = await product(request, 10);
  const { id } = await hold(request, sku, 3);
  await open(page, `/reservations/${id}`);
  await expect(page.getByText(sku).first()).toBeVisible();
  await expect(page.getByRole("timer").first()).toHaveText(/^(10:00|09:5\d)$/);
  await page.getByRole("button", { name: "Release" }).click();
  await expect(page.getByRole("button", { name: "Release" })).toHaveCount(0);
  await expect(page.getByText("Hold released").first()).toBeVisible();
});
