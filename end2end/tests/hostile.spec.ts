import type { Locator, Page } from "@playwright/test";
import { nobody } from "./people";
import { expect, hold, open, order, product, scripted, test, unique } from "./support";

/** What a page would run, were it not shown as text; what turns the writing around; what no database keeps. */
const hostile = {
  markup: `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script></textarea>{{7*7}}`,
  statement: `'; drop table users; -- ' or 1=1`,
  turned: "\u202Eexe.gnp\u2066\u200B",
  nothing: "a\0b",
  lines: "a\r\nSet-Cookie: owned=1\r\n\r\n<b>",
  long: "ä".repeat(10_000),
};

/** What has a field to type into. */
const FORMS = `main form:has(${["input[type=text]", "input[type=search]", "input[type=password]", "textarea"].map((field) => `${field}:visible`).join(", ")})`;

/** Types a text into every field of a form that takes one, and sends the form. */
async function send(form: Locator, text: string) {
  const fields = form.locator("input[type=text], input[type=search], input[type=password], textarea");
  for (let index = 0; index < (await fields.count()); index++) await fields.nth(index).fill(text);
  // Whatever the browser's own check would keep from being sent, another program would not.
  await form.evaluate((form: HTMLFormElement) => { form.noValidate = true; });
  await form.locator("button:not([type=button])").last().click();
}

/** Unfolds what is folded and has a form. */
async function unfold(page: Page) {
  const folded = page.locator("main details:not([open]):has(form)");
  for (let left = await folded.count(); left > 0; left--) {
    await folded.first().locator("summary").first().click();
    await expect(folded).toHaveCount(left - 1);
  }
}

/** Everything that the page fetches is answered, and nothing of what was typed has run. */
async function isUnharmed(page: Page, answers: number[]) {
  await page.waitForLoadState("networkidle");
  expect(answers.filter((status) => status >= 500)).toEqual([]);
  expect(await page.title()).not.toContain("owned");
  await expect(page.locator("img[src=x]")).toHaveCount(0);
  // An address as long as no person's is refused before there is a page; the icon may be asked for after it.
  if (!answers.slice(-2).includes(414)) await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

test("whatever is typed into a form is shown as text or refused at its field", async ({ page, request, quiet }) => {
  test.setTimeout(180_000);
  const answers: number[] = [];
  page.on("response", (response) => answers.push(response.status()));
  const { sku } = await product(request, 100);
  const { id } = await hold(request, sku, 2);
  const { number } = await order(request, sku, 3);
  const places = [
    "/products",
    "/products/new",
    `/products/${sku}`,
    "/reservations",
    `/reservations/${id}`,
    "/orders",
    `/orders/${number}`,
    "/audit",
    "/settings",
  ];
  // A second page shows what the first one stored.
  const names = Object.keys(hostile) as (keyof typeof hostile)[];
  for (const path of places) {
    await open(page, path);
    await unfold(page);
    const count = await page.locator(FORMS).count();
    expect(count, path).toBeGreaterThan(0);
    for (let index = 0; index < count; index++) {
      // The HTTP tests send each text to each field; here each form gets two of them.
      const some = [names[(places.indexOf(path) + index) % names.length], "markup"] as const;
      for (const name of new Set(some)) {
        await open(page, path);
        await unfold(page);
        const form = page.locator(FORMS).nth(index);
        await send(form, hostile[name]);
        await isUnharmed(page, answers);
      }
    }
  }
  // Without a script a filter that can't be one is the page's own answer, of which Chromium makes a note.
  const others = quiet.filter((line) => !/^error: Failed to load resource: .* status of 4(14|22) /.test(line));
  quiet.splice(0, quiet.length, ...others);
});

test("what was stored is shown as it was typed", async ({ page, request }) => {
  const sku = unique("<i>sku");
  const name = `${unique("<script>document.title='owned'</script>")} "&amp;' \u{1F600}`;
  const created = await request.post("/api/products", { data: { sku, name, price: { minor: 1, currency: "GBP" } } });
  expect(created.status(), await created.text()).toBe(201);
  const note = `</textarea><script>document.title='owned'</script>\n'; drop table orders; --`;
  await request.post(`/api/products/${encodeURIComponent(sku)}/stock`, { data: { delta: 5, reason: "received" } });
  const { number, id } = await order(request, sku, 1, { reference: unique("<b>ref") });
  expect((await request.patch(`/api/orders/${id}`, { data: { note } })).status()).toBe(200);
  await open(page, `/products?q=${encodeURIComponent(sku)}`);
  await page.getByRole("link", { name: sku, exact: true }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  await open(page, `/orders/${number}`);
  await expect(page.getByRole("list", { name: "Notes" })).toContainText("</textarea><script>document.title='owned'</script>");
  expect(await page.title()).toBe(`Order ${number} · Holdfast`);
});

test.describe("before signing in", () => {
  test.use({ storageState: nobody });

  test("the sign-in page takes anything, and lets nobody in for it", async ({ page }) => {
    const answers: number[] = [];
    page.on("response", (response) => answers.push(response.status()));
    for (const text of Object.values(hostile)) {
      await page.goto(`/sign-in?next=${encodeURIComponent(text.slice(0, 200))}`);
      if (scripted()) await expect(page.locator("main form")).toHaveJSProperty("noValidate", true);
      await send(page.locator("main form"), text);
      await isUnharmed(page, answers);
      await expect(page).toHaveURL(/\/sign-in/);
    }
  });
});
