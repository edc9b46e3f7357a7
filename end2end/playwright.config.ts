import { randomBytes } from "node:crypto";
import { defineConfig, devices } from "@playwright/test";

// The servers are what scripts/build.sh dev made, on the database of DATABASE_URL, which is empty at the
// start: see scripts/end2end.sh.
const port = Number(process.env.HOLDFAST_TEST_PORT ?? 18080);
const baseURL = `http://127.0.0.1:${port}`;
/** A second server on the same database, at the next port. The tests are told where: see support.ts. */
const otherURL = `http://127.0.0.1:${port + 1}`;
process.env.HOLDFAST_TEST_OTHER = otherURL;

// The first admin's, which the server and the tests are both told. The processes of the tests read this
// file too, and find the one that is there.
process.env.HOLDFAST_ADMIN_PASSWORD ??= randomBytes(18).toString("base64url");

/** The browser of that admin, signed in once by setup.ts. */
const storageState = ".auth/admin.json";

const chromium = {
  ...devices["Desktop Chrome"],
  // Not the server's zone, so that a page that was taken over can be told from one that was not.
  timezoneId: "Europe/Berlin",
  launchOptions: {
    executablePath: process.env.CHROMIUM,
    args: [
      // Chromium's sandbox refuses to run as root.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      // Nothing but our pages goes over the network.
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

export default defineConfig({
  testDir: "tests",
  reporter: "list",
  forbidOnly: true,
  fullyParallel: true,
  // A test that needs a second try has something to tell.
  retries: 0,
  workers: 2,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  use: { baseURL, trace: "retain-on-failure" },
  projects: [
    { name: "setup", testMatch: "setup.ts" },
    { name: "with JavaScript", use: { ...chromium, storageState }, dependencies: ["setup"] },
    {
      name: "without JavaScript",
      use: { ...chromium, storageState, javaScriptEnabled: false },
      dependencies: ["setup"],
      // What only a script does is told of where it is tested.
      grepInvert: /@script/,
    },
  ],
  webServer: [baseURL, otherURL].map((url) => ({
    command: `../scripts/holdfast.sh dev serve --listen ${new URL(url).host}`,
    env: {
      RUST_LOG: "info,access=off",
      HOLDFAST_ADMIN_EMAIL: "admin@example.com",
      // Nobody is as quick as the tests are.
      HOLDFAST_SIGN_INS_PER_MINUTE: "0",
      HOLDFAST_REQUESTS_PER_MINUTE_USER: "0",
      HOLDFAST_REQUESTS_PER_MINUTE_ADDRESS: "0",
    },
    url: `${url}/readyz`,
    timeout: 60_000,
    reuseExistingServer: false,
    stdout: "pipe",
    stderr: "pipe",
    gracefulShutdown: { signal: "SIGTERM", timeout: 10_000 },
  })),
});
