import { type APIRequestContext, type BrowserContext, type Page, test as base, expect } from "@playwright/test";
import { type Person, browserOf } from "./people";

/** What a test knows of a product. */
export type Product = { id: string; sku: string };

/** Whether the pages of this project run JavaScript. */
export const scripted = () => base.info().project.name === "with JavaScript";

/** A name that no other test has: the tests share one database. */
export const unique = (name: string) =>
  `${name}-${scripted() ? "js" : "plain"}-${Math.random().toString(36).slice(2, 8)}`;

/** A new product with so many units, made through the API. */
export async function product(request: APIRequestContext, units: number, sku = unique("SKU")): Promise<Product> {
  const created = await request.post("/api/products", {
    data: { sku, name: `Product ${sku}`, price: { minor: 1299, currency: "GBP" } },
  });
  expect(created.status()).toBe(201);
  if (units > 0) {
    const received = await request.post(`/api/products/${encodeURIComponent(sku)}/stock`, {
      data: { delta: units, reason: "received" },
    });
    expect(received.status()).toBe(200);
  }
  const { id } = await created.json();
  return { id, sku };
}

/** A hold of one product, made through the API. */
export async function hold(request: APIRequestContext, sku: string, quantity: number, more: object = {}) {
  const held = await request.post("/api/reservations", { data: { lines: [{ sku, quantity }], ...more } });
  expect(held.status(), await held.text()).toBe(201);
  return await held.json();
}

/** An order of one product, made through the API. */
export async function order(request: APIRequestContext, sku: string, quantity: number, more: object = {}) {
  const placed = await request.post("/api/orders", { data: { lines: [{ sku, quantity }], ...more } });
  expect(placed.status(), await placed.text()).toBe(201);
  return await placed.json();
}

/** What the API says is available. */
export async function available(request: APIRequestContext, sku: string): Promise<number> {
  const product = await (await request.get(`/api/products/${encodeURIComponent(sku)}`)).json();
  return product.stock.reduce((sum: number, stock: { available: number }) => sum + stock.available, 0);
}

/** An address of the other server, which has the same database. A browser that is signed in to one is to both. */
export const elsewhere = (path: string) => new URL(path, process.env.HOLDFAST_TEST_OTHER).href;

/** Opens a page, and waits until the browser has taken it over where it does. */
export async function open(page: Page, path: string) {
  await page.goto(path);
  await settled(page);
}

/** Waits until the browser has taken the page over: from then on it tells times in the viewer's zone. */
export async function settled(page: Page) {
  if (scripted()) await expect(page.locator(".zone-note")).toHaveText("Times in Europe/Berlin");
}

/**
 * Chromium itself notes on the console every request that is answered with an error. Where the answer is one
 * that a person asked for, a refusal or a page that does not exist, that note is not the page's.
 */
function isNoteOfRefusal(text: string, url: string): boolean {
  const path = new URL(url, "http://unknown").pathname;
  if (!text.startsWith("Failed to load resource")) return false;
  const isForm = /status of 4(01|03|09|10|22|29)/.test(text) && path.startsWith("/api/fn/");
  const isPage = (text.includes("404") && path === "/nowhere") || (text.includes("403") && path === "/products/new");
  const isStream = text.includes("401") && path === "/api/events";
  return isForm || isPage || isStream;
}

/** Notes what the page says on the console, and errors that it leaves unhandled. */
function listen(page: Page, said: string[]) {
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (isNoteOfRefusal(message.text(), message.location().url)) return;
    // Without scripts nobody takes what the page had fetched for them.
    if (!scripted() && message.text().includes("preloaded using link preload but not used")) return;
    said.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => said.push(`unhandled: ${error.message}`));
}

/** A test that fails where a page says anything on the console, or leaves an error unhandled. */
export const test = base.extend<{ quiet: string[]; pageOf: (who: Person) => Promise<Page> }>({
  quiet: [
    async ({ page }, use) => {
      const said: string[] = [];
      listen(page, said);
      await use(said);
      expect(said, "what the console said").toEqual([]);
    },
    { auto: true },
  ],
  /** A page in a browser of somebody else. */
  pageOf: async ({ browser, contextOptions, quiet }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (who) => {
      const context = await browserOf(browser, who, contextOptions);
      contexts.push(context);
      const page = await context.newPage();
      listen(page, quiet);
      return page;
    });
    for (const context of contexts) await context.close();
  },
});

export { expect };
