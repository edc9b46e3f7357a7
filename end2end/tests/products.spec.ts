import { available, expect, open, product, scripted, test, unique } from "./support";

test("a product is created, found, and told of", async ({ page }) => {
  const sku = unique("NEW");
  await open(page, "/products");
  await page.getByRole("link", { name: "New product" }).click();
  await expect(page.getByRole("heading", { name: "New product", level: 1 })).toBeVisible();
  await page.getByLabel("SKU").fill(sku);
  await page.getByLabel("Name").fill("Enamel mug ☕");
  await page.getByLabel("Price").fill("1,234.50");
  await page.getByRole("button", { name: "Create product" }).click();
  await expect(page).toHaveURL(new RegExp(`/products/${sku}$`));
  await expect(page.getByRole("heading", { name: "Enamel mug ☕", level: 1 })).toBeVisible();
  await expect(page.getByText("1,234.50 GBP").first()).toBeVisible();
  await expect(page.getByRole("list", { name: "Journal of this product" })).toContainText("Product created");

  await open(page, `/products?q=${sku.toLowerCase()}`);
  await expect(page.getByRole("link", { name: sku })).toBeVisible();
});

test("what can't be a product is said at its field, and what was typed stays", async ({ page }) => {
  await open(page, "/products/new");
  const sku = page.getByLabel("SKU");
  await sku.fill("A\u200BB");
  await page.getByLabel("Name").fill("A name");
  await page.getByLabel("Price").fill("12,5");
  await page.getByRole("button", { name: "Create product" }).click();
  await expect(page).toHaveURL(/\/products\/new/);
  await expect(page.getByText("SKU may not contain invisible characters")).toBeVisible();
  await expect(page.getByText("Price must be an amount such as")).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("A name");
  await expect(page.getByLabel("Price")).toHaveValue("12,5");
  await expect(sku).toHaveAttribute("aria-invalid", "true");
});

test("a taken SKU is refused with a word", async ({ page, request }) => {
  const { sku } = await product(request, 0);
  await open(page, "/products/new");
  await page.getByLabel("SKU").fill(sku);
  await page.getByLabel("Name").fill("Again");
  await page.getByLabel("Price").fill("1");
  await page.getByRole("button", { name: "Create product" }).click();
  await expect(page.getByText(/taken/)).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Again");
});

test("products are found by the beginnings of words, page by page", async ({ page, request }) => {
  const word = unique("W").replaceAll("-", "");
  for (let number = 0; number < 3; number++) await product(request, number, `${word} ${number}`);
  await open(page, "/products");
  await page.getByRole("searchbox", { name: "Search products" }).fill(word.toLowerCase());
  if (!scripted()) await page.getByRole("button", { name: "Search" }).click();
  await expect(page).toHaveURL(new RegExp(`q=${word.toLowerCase()}`));
  await expect(page.getByRole("row")).toHaveCount(4);
  await open(page, "/products?q=nothing-begins-like-this");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
});

test("stock is received, and no less may be on hand than is reserved", async ({ page, request }) => {
  const { sku } = await product(request, 0);
  await open(page, `/products/${sku}`);
  await page.getByLabel("Units").fill("12");
  await page.getByRole("button", { name: "Record" }).click();
  await expect(page.getByTestId("on-hand")).toHaveText("12");
  expect(await available(request, sku)).toBe(12);

  await request.post("/api/reservations", { data: { lines: [{ sku, quantity: 5 }] } });
  await open(page, `/products/${sku}`);
  await page.getByLabel("Reason").selectOption("written_off");
  await page.getByLabel("Units").fill("8");
  await page.getByRole("button", { name: "Record" }).click();
  await expect(page.getByText(/5 units are reserved/)).toBeVisible();
  expect(await available(request, sku)).toBe(7);
});

test("a product is renamed, archived and brought back", async ({ page, request }) => {
  const { sku } = await product(request, 3);
  await open(page, `/products/${sku}`);
  await page.getByText("Product details").click();
  await page.getByLabel("Name").fill("Another name");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Another name", level: 1 })).toBeVisible();
  await open(page, `/products/${sku}`);
  await page.getByText("Product details").click();
  await page.getByRole("button", { name: "Archive" }).click();
  await expect(page.getByText("bring it back before it is reserved")).toBeVisible();
  await open(page, `/products/${sku}`);
  await page.getByText("Product details").click();
  await page.getByRole("button", { name: "Bring back" }).click();
  await expect(page.getByRole("button", { name: "Reserve" })).toBeVisible();
});
