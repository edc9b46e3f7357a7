import { person } from "./people";
import { expect, hold, open, order, product, test, unique } from "./support";

test("a viewer sees everything, and nothing that would work for others", async ({ pageOf, request }) => {
  const { sku, id: product_id } = await product(request, 10);
  const { id } = await hold(request, sku, 2);
  const { number } = await order(request, sku, 3);
  const page = await pageOf(await person(request, "viewer", unique("viewer")));

  await open(page, "/products");
  await expect(page.getByRole("link", { name: "New product" })).toHaveCount(0);
  await open(page, `/products/${sku}`);
  await expect(page.getByTestId("available")).toHaveText("5");
  await open(page, `/reservations/${id}`);
  await expect(page.getByRole("timer").first()).toBeVisible();
  for (const path of [`/products/${sku}`, `/reservations/${id}`, `/reservations?sku=${sku}`]) {
    await open(page, path);
    await expect(page.getByRole("main").getByRole("button")).toHaveCount(path.includes("?") || path.startsWith("/products/") ? 1 : 0);
  }
  await open(page, `/orders/${number}`);
  for (const step of ["Confirm", "Cancel order"]) await expect(page.getByRole("button", { name: step })).toBeDisabled();
  await expect(page.getByText("Needs the role operator.").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Write note" })).toHaveCount(0);

  // What is not shown is not open either.
  const said = await page.request.get(`/api/fn/order_fetch?order=${number}`);
  expect((await said.json()).allowed_transitions).toEqual([]);
  const forms: [string, Record<string, string>][] = [
    ["reservation_hold", { product: product_id, quantity: "1", minutes: "10" }],
    ["order_proceed", { order: `${number}`, to: "confirmed" }],
    ["stock_adjust", { product: product_id, quantity: "1", reason: "received" }],
    ["key_create", { name: "mine", role: "admin" }],
  ];
  for (const [name, form] of forms) {
    const refused = await page.request.post(`/api/fn/${name}`, { form, headers: { accept: "application/json" } });
    expect(refused.status(), name).toBe(403);
    expect((await refused.json()).code, name).toBe("forbidden");
  }
  expect((await page.request.get("/products/new")).status()).toBe(403);
  await open(page, "/products/new");
  await expect(page.getByText("This takes the role admin.")).toBeVisible();
});

test("an operator ships, and does not manage", async ({ pageOf, request }) => {
  const { sku } = await product(request, 10);
  const { number } = await order(request, sku, 3);
  const page = await pageOf(await person(request, "operator", unique("operator")));
  await open(page, `/orders/${number}`);
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByRole("region", { name: "State" }).locator(".badge")).toHaveText("Confirmed");
  await open(page, `/products/${sku}`);
  await expect(page.getByRole("button", { name: "Reserve" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Record" })).toHaveCount(0);
  await open(page, "/settings");
  await expect(page.getByRole("heading", { name: "Your account" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Users" })).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "API keys" })).toHaveCount(0);
  expect((await page.request.get("/api/fn/user_list")).status()).toBe(403);
});
