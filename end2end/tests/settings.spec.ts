import { nobody, person, signIn } from "./people";
import { expect, open, scripted, test, unique } from "./support";

test("a user is created, renamed, given another role, and let in no more", async ({ page, playwright, baseURL }) => {
  const name = unique("Noor");
  const email = `${name}@example.com`.toLowerCase();
  await open(page, "/settings");
  await page.getByText("New user").click();
  await page.getByLabel("Name", { exact: true }).first().fill(name);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Role").first().selectOption("viewer");
  await page.getByRole("button", { name: "Create user" }).click();
  const link = page.getByTestId("shown-once");
  await expect(link).toHaveText(new RegExp(`^${baseURL}/sign-in\\?link=[\\w-]+$`));
  await open(page, "/settings");
  await expect(page.getByTestId("shown-once")).toHaveCount(0);

  const users = page.getByRole("table", { name: "Users" });
  await users.getByRole("link", { name }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill(`${name} Two`);
  await page.getByLabel("Role").selectOption("operator");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: `${name} Two`, level: 1 })).toBeVisible();
  const password = `${unique("a word")} and others`;
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Set password" }).click();
  if (scripted()) await expect(page.getByRole("status")).toContainText("has a new password");

  const theirs = await playwright.request.newContext({ baseURL, storageState: nobody });
  await signIn(theirs, { email, password });
  expect((await theirs.get("/api/products")).status()).toBe(200);
  await page.getByRole("button", { name: "Deactivate" }).click();
  const question = page.getByRole("dialog", { name: `Deactivate ${name} Two?` });
  await expect(question).toBeVisible();
  await question.getByRole("button", { name: "Deactivate user" }).click();
  await expect(page.getByText("They can't sign in.")).toBeVisible();
  await expect.poll(async () => (await theirs.get("/api/products")).status()).toBe(401);
  await page.getByRole("button", { name: "Activate" }).click();
  await expect(page.getByRole("button", { name: "Deactivate" })).toBeVisible();
  await signIn(theirs, { email, password });
  await theirs.dispose();

  await expect(page.getByRole("list", { name: "Journal of this user" })).toContainText("created");
  await page.getByRole("link", { name: "What they did" }).click();
  await expect(page).toHaveURL(/actor=user/);
  await expect(page.getByRole("list", { name: "Journal entries" }).getByRole("listitem")).toHaveCount(2);
});

test("an email is one user's", async ({ page, request }) => {
  const { email } = await person(request, "viewer", unique("first"));
  await open(page, "/settings");
  await page.getByText("New user").click();
  await page.getByLabel("Name", { exact: true }).first().fill("Another");
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Create user" }).click();
  await expect(page.getByText(/is taken by another user/)).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true }).first()).toHaveValue("Another");
});

test("a key is made, shown once, used and revoked", async ({ page, playwright, baseURL }) => {
  const name = unique("till");
  await open(page, "/settings");
  await page.getByText("New API key").click();
  const form = page.locator("form").filter({ hasText: "Ends on" });
  await form.getByLabel("Name").fill(name);
  await form.getByLabel("Role").selectOption("viewer");
  await form.getByLabel("Ends on").fill("2099-01-31");
  await page.getByRole("button", { name: "Create key" }).click();
  const shown = page.getByTestId("shown-once");
  await expect(shown).toHaveText(/^hf_/);
  await expect(page.getByText("It is not shown again.")).toBeVisible();
  const key = (await shown.textContent()) ?? "";
  if (scripted()) await expect(page.getByRole("button", { name: "Copy" })).toBeVisible();
  else await expect(page.getByRole("button", { name: "Copy" })).toHaveCount(0);
  await open(page, "/settings");
  await expect(page.getByText(key)).toHaveCount(0);
  const row = page.getByRole("row").filter({ hasText: name });
  await expect(row).toContainText("Viewer");
  await expect(row).toContainText("Valid");
  await expect(row).toContainText("2099-01-31");

  const program = await playwright.request.newContext({
    baseURL,
    storageState: nobody,
    extraHTTPHeaders: { authorization: `Bearer ${key}` },
  });
  expect((await program.get("/api/products")).status()).toBe(200);
  expect((await program.post("/api/products", { data: { sku: unique("NO"), name: "No", price: { minor: 1, currency: "GBP" } } })).status()).toBe(403);
  await row.getByRole("button", { name: "Revoke" }).click();
  const question = page.getByRole("dialog", { name: `Revoke the key “${name}”?` });
  await question.getByRole("button", { name: "Leave it as it is" }).click();
  await expect(question).toBeHidden();
  expect((await program.get("/api/products")).status()).toBe(200);
  await row.getByRole("button", { name: "Revoke" }).click();
  await question.getByRole("button", { name: "Revoke key" }).click();
  await expect(row).toContainText("Revoked");
  await expect(row.getByRole("button")).toHaveCount(0);
  expect((await program.get("/api/products")).status()).toBe(401);
  await program.dispose();
});

test("one changes the own password, which signs the other browsers out", async ({ pageOf, request, playwright, baseURL }) => {
  const who = await person(request, "viewer", unique("pia"));
  const elsewhere = await playwright.request.newContext({ baseURL, storageState: nobody });
  await signIn(elsewhere, who);
  const page = await pageOf(who);
  await open(page, "/settings");
  await page.getByText("Change password").first().click();
  await page.getByLabel("Current password").fill("not the one it is");
  await page.getByLabel("New password").fill("eight words that nobody else would think of");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Current password is not your password")).toBeVisible();
  if (!scripted()) expect(page.url()).not.toContain("eight");
  await page.getByLabel("Current password").fill(who.password);
  await page.getByLabel("New password").fill("eight words that nobody else would think of");
  await page.getByRole("button", { name: "Change password" }).click();
  if (scripted()) await expect(page.getByRole("status")).toContainText("Your password is changed.");
  await expect.poll(async () => (await elsewhere.get("/api/products")).status()).toBe(401);
  // This browser stays.
  await open(page, "/settings");
  await expect(page.getByText(who.email)).toBeVisible();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("main").getByRole("status")).toHaveText("You are signed out everywhere.");
  await elsewhere.dispose();
});
