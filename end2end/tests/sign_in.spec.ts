import type { Page } from "@playwright/test";
import { admin, nobody, person, signIn } from "./people";
import { expect, open, order, product, scripted, test, unique } from "./support";

test.use({ storageState: nobody });

/** Opens a page that nobody need be signed in for, and waits until the browser has taken it over. */
async function openAlone(page: Page, path: string) {
  await page.goto(path);
  if (scripted()) await expect(page.locator("main form")).toHaveJSProperty("noValidate", true);
}

async function fillIn(page: Page, email: string, password: string) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
}

test("a page leads to the sign-in page, and that leads back to it", async ({ page }) => {
  await openAlone(page, "/orders?status=pending&sort=highest");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  await expect(page.getByRole("navigation")).toHaveCount(0);
  await fillIn(page, admin.email, admin.password);
  await expect(page).toHaveURL(/\/orders\?status=pending&sort=highest$/);
  await expect(page.getByRole("heading", { name: "Orders", level: 1 })).toBeVisible();
  await expect(page.getByRole("banner").getByRole("link", { name: /Admin/ })).toContainText("admin");
});

test("nobody is told whether the email or the password was wrong", async ({ page }) => {
  await openAlone(page, "/sign-in");
  for (const email of [admin.email, `${unique("nobody")}@example.com`]) {
    await fillIn(page, email, "wrong password of somebody");
    await expect(page.getByRole("alert")).toHaveText(/^Email or password is wrong\.\s*(Request .*)?$/);
    await expect(page.getByLabel("Email")).toHaveValue(email);
    expect(page.url()).not.toContain("password");
    // The address may hold what was typed, but for the password: nobody reads it there.
    expect(Buffer.from(new URL(page.url()).searchParams.get("__err") ?? "", "base64url").toString()).not.toContain("of somebody");
  }
});

test("what is missing is said at its field", async ({ page }) => {
  await openAlone(page, "/sign-in");
  if (!scripted()) {
    // Without a script the browser's own words stand in the way.
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByLabel("Email")).toBeFocused();
    return;
  }
  await fillIn(page, "somebody", "");
  await expect(page.getByText("Email must be an address such as")).toBeVisible();
  await expect(page.getByText("Password is required")).toBeVisible();
  await expect(page.getByLabel("Email")).toBeFocused();
});

test("one is led on to pages of this house alone", async ({ page }) => {
  for (const next of ["https://example.com/", "//example.com", "/\\example.com", "javascript:alert(1)", "/api/orders.csv"]) {
    await page.context().clearCookies();
    await openAlone(page, `/sign-in?next=${encodeURIComponent(next)}`);
    await fillIn(page, admin.email, admin.password);
    await expect(page.getByRole("heading", { name: "Overview", level: 1 }), next).toBeVisible();
    expect(new URL(page.url()).pathname, next).toBe("/");
  }
});

test("after signing out the way back shows nothing", async ({ page }) => {
  await openAlone(page, "/settings");
  await fillIn(page, admin.email, admin.password);
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  const cookies = await page.context().cookies();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("main").getByRole("status")).toHaveText("You are signed out.");
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  await expect(page.getByText(admin.email)).toHaveCount(0);
  // Nor does the cookie that was: its session is over.
  await page.context().addCookies(cookies);
  await page.goto("/settings");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("a link signs in once, when its button is pressed", async ({ page, playwright, baseURL }) => {
  const request = await playwright.request.newContext({ baseURL, storageState: nobody });
  await signIn(request, admin);
  const name = unique("linked");
  const email = `${name}@example.com`.toLowerCase();
  const made = await request.post("/api/users", { data: { email, name, role: "viewer" } });
  const { sign_in_link: link } = await made.json();
  // Whatever looks at it in advance does not use it up.
  for (let look = 0; look < 2; look++) expect((await request.get(link)).status()).toBe(200);
  await openAlone(page, link);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("banner").getByRole("link", { name: new RegExp(name) })).toBeVisible();

  await page.context().clearCookies();
  await openAlone(page, link);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("This link was used before, or its time is over.");
  await request.dispose();
});

test("a session that ends under an open page costs nothing that was typed", async ({ page, playwright, baseURL }) => {
  const request = await playwright.request.newContext({ baseURL, storageState: nobody });
  await signIn(request, admin);
  const who = await person(request, "operator", unique("cut off"));
  const { sku } = await product(request, 10);
  const { number } = await order(request, sku, 2);
  await signIn(page.request, who);
  await open(page, `/orders/${number}`);
  await page.getByRole("textbox", { name: "Note" }).fill("Ring twice: the bell is broken.");
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Write note" }).click();
  if (scripted()) {
    await expect(page.getByRole("region", { name: "Notes" }).getByRole("alert")).toContainText("Your session had ended");
    await expect(page.getByRole("textbox", { name: "Note" })).toHaveValue("Ring twice: the bell is broken.");
    await signIn(page.request, who);
  } else {
    await expect(page.getByRole("main").getByRole("status")).toContainText("What you typed is there again once you have signed in.");
    await fillIn(page, who.email, who.password);
    await expect(page.getByRole("textbox", { name: "Note" })).toHaveValue("Ring twice: the bell is broken.");
    await expect(page.getByRole("alert")).toContainText("Your session had ended");
  }
  await page.getByRole("button", { name: "Write note" }).click();
  await expect(page.getByRole("list", { name: "Notes" })).toContainText("Ring twice: the bell is broken.");
  await request.dispose();
});
