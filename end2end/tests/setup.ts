import { test as setup } from "@playwright/test";
import { admin, signIn } from "./people";

setup("the first admin signs in", async ({ request }) => {
  await signIn(request, admin);
  await request.storageState({ path: ".auth/admin.json" });
});
