import { type APIRequestContext, type Browser, type BrowserContext, expect } from "@playwright/test";

/** Someone who can sign in. */
export type Person = { email: string; password: string };

/** The admin that the server made in the empty database. */
export const admin: Person = {
  email: "admin@example.com",
  password: process.env.HOLDFAST_ADMIN_PASSWORD ?? "",
};

/** A browser in which nobody is signed in. */
export const nobody = { cookies: [], origins: [] };

/** Signs in as a script does: the cookie is then this context's. */
export async function signIn(request: APIRequestContext, { email, password }: Person) {
  const headers = { accept: "application/json" };
  const answer = await request.post("/api/fn/session_open", { form: { email, password }, headers });
  expect(answer.status(), await answer.text()).toBe(200);
}

/** A new user, made by an admin. */
export async function person(request: APIRequestContext, role: string, name: string): Promise<Person> {
  const password = `${name} ${Math.random().toString(36)} ${Math.random().toString(36)}`;
  const email = `${name.replaceAll(" ", "-")}@example.com`.toLowerCase();
  const made = await request.post("/api/users", { data: { email, name, role, password } });
  expect(made.status(), await made.text()).toBe(201);
  return { email, password };
}

/** A browser of its own in which somebody is signed in. */
export async function browserOf(browser: Browser, who: Person, more: object = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ ...more, storageState: nobody });
  await signIn(context.request, who);
  return context;
}
