// Opens pages in Chromium, in light and dark, narrow and wide, and prints what is wrong with each:
//   node look.mjs '{"chromium": "/usr/bin/chromium", "base": "http://127.0.0.1:1/", "pages": ["docs"], "long": [], "shots": ""}'
// Of a long page, which takes axe a minute, axe sees the first look alone.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const given = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: given.chromium, args: quiet });
const found = {};
const examined = new Set();
for (const colorScheme of ["light", "dark"]) {
  for (const width of [400, 1280]) {
    // what the browser does with the page's own policy
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const problems = [];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(String(error)));
    for (const name of given.pages) {
      const key = `${name} ${colorScheme} ${width}`;
      problems.length = 0;
      const answer = await page.goto(given.base + name);
      if (given.shots) {
        await page.screenshot({ path: `${given.shots}/${name.replace(/\W+/g, "-")}-${colorScheme}-${width}.png` });
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      const styled = await page.evaluate(() => getComputedStyle(document.body).marginTop === "0px");
      let seen = { violations: [] };
      if (!(given.long.includes(name) && examined.has(name))) {
        // axe is evaluated by the debugger, which no policy of the page concerns
        await page.evaluate(axe);
        seen = await page.evaluate(() => axe.run());
        examined.add(name);
      }
      found[key] = [
        ...(answer.status() === 200 ? [] : [`status ${answer.status()}`]),
        ...(wide ? ["wider than the window"] : []),
        ...(styled ? [] : ["without its style"]),
        ...problems,
        ...seen.violations.map((one) => `${one.id}: ${one.nodes[0].target}`),
      ];
    }
    await context.close();
  }
}
await browser.close();
console.log(JSON.stringify(found));
