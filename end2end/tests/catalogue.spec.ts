import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { available, expect, open, test } from "./support";

const top = fileURLToPath(new URL("../..", import.meta.url));
const file = fileURLToPath(new URL("../../../shared/data/online-retail-2010-12.csv", import.meta.url));

// Both projects reserve of one product: one after the other.
test.describe.configure({ mode: "serial" });

test("6 of 85123A are reserved in the imported catalogue, on the page and through the API", async ({ page, request }) => {
  test.skip(!existsSync(file), "the Online Retail file is not there: ../shared/data/online-retail-2010-12.csv");
  test.setTimeout(90_000);
  const out = test.info().outputPath("rejects.csv");
  const said = execFileSync("scripts/holdfast.sh", ["dev", "import", "catalogue", file, "--rejects", out], { cwd: top });
  expect(said.toString()).toContain("10,000 lines read = 9,818 sold + 98 returned + 84 rejected");
  expect(existsSync(out)).toBe(true);

  await open(page, "/products/85123A");
  await expect(page.getByRole("heading", { name: "WHITE HANGING HEART T-LIGHT HOLDER", level: 1 })).toBeVisible();
  const before = await available(request, "85123A");
  await page.getByLabel("Quantity").fill("6");
  await page.getByRole("button", { name: "Reserve" }).click();
  await expect(page.getByTestId("held")).not.toHaveText("0");
  await expect.poll(() => available(request, "85123A")).toBeLessThanOrEqual(before - 6);

  await open(page, "/products?q=white+hang");
  await expect(page.getByRole("link", { name: "85123A", exact: true })).toBeVisible();
});
