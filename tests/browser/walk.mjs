// Walks through pages in Chromium, a step at a time, and prints what each step found and what was wrong:
//   node walk.mjs '{"chromium": "/usr/bin/chromium", "base": "http://127.0.0.1:1", "script": true, "seconds": 20, "shots": "",
//     "steps": [["goto", "/"]]}'
// A step is a word and its arguments; the words are the functions below.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const given = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: given.chromium, args: quiet });
const context = await browser.newContext({
  viewport: { width: 1280, height: 900 }, javaScriptEnabled: given.script, timezoneId: "Europe/Berlin", locale: "en-GB",
});
context.setDefaultTimeout(given.seconds * 1000);
const page = await context.newPage();
const problems = [];
let requests = [];
page.on("console", (message) => {
  // a refusal is an answer like any other, and the browser reports each
  if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) problems.push(message.text());
});
page.on("pageerror", (error) => problems.push(String(error)));
// an answer that no page expects ends the walk, which would wait for what does not come
const broken = new Promise((_, reject) => {
  page.on("response", (answer) => [500, 502, 504].includes(answer.status()) && reject(new Error(`${answer.status()} of ${answer.url()}`)));
});
broken.catch(() => {});
page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
page.on("requestfinished", async (request) => {
  const sizes = await request.sizes();
  requests.push([request.method(), new URL(request.url()).pathname, sizes.responseBodySize + sizes.responseHeadersSize]);
});

const words = {
  goto: async (path) => (await page.goto(given.base + path)).status(),
  type: async (selector, text) => void (await page.fill(selector, text)),
  keys: async (text) => void (await page.keyboard.type(text)),
  press: async (key) => void (await page.keyboard.press(key)),
  // a file that is chosen for a form
  choose: async (selector, name, content) =>
    void (await page.setInputFiles(selector, { name, mimeType: "text/csv", buffer: Buffer.from(content) })),
  // what a click downloads: its name and its text
  download: async (selector) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
    return [file.suggestedFilename(), readFileSync(await file.path(), "utf8")];
  },
  click: async (selector) => void (await page.click(selector)),
  wait: async (selector) => void (await page.waitForSelector(selector)),
  // until an element says something
  says: async (selector, text) =>
    void (await page.locator(selector, { hasText: text }).first().waitFor()),
  text: (selector) => page.innerText(selector),
  attribute: (selector, name) => page.getAttribute(selector, name),
  value: (selector) => page.inputValue(selector),
  count: (selector) => page.locator(selector).count(),
  path: () => new URL(page.url()).pathname,
  // what has the focus: its name, else its text
  focus: () => page.evaluate(() => {
    const it = document.activeElement;
    return it.getAttribute("name") ?? it.innerText.trim();
  }),
  // the requests since the last time this was asked: method, path, bytes
  requests: async () => {
    await page.waitForLoadState("networkidle");
    const made = requests;
    requests = [];
    return made;
  },
  width: async (pixels) => void (await page.setViewportSize({ width: Number(pixels), height: 900 })),
  // in how many rows elements are laid out
  rows: (selector) => page.locator(selector).evaluateAll((all) => new Set(all.map((one) => Math.round(one.getBoundingClientRect().top))).size),
  visible: (selector) => page.locator(selector).first().isVisible(),
  cookies: () => context.cookies(),
  back: async () => void (await page.goBack()),
  // in light and dark, narrow and wide: what axe finds, and overflow; with a picture of each
  look: async (name) => {
    const found = {};
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const width of [400, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        if (given.shots) {
          // the caret is left as it is: to hide it takes a style that the page's policy refuses
          const path = `${given.shots}/console-${name}-${colorScheme}-${width}.png`;
          await page.screenshot({ path, fullPage: true, caret: "initial" });
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        const styled = await page.evaluate(() => getComputedStyle(document.body).marginTop === "0px");
        // axe is evaluated by the debugger, which no policy of the page concerns
        await page.evaluate(axe);
        const seen = await page.evaluate(() => axe.run());
        const wrong = [
          ...(wide ? ["wider than the window"] : []),
          ...(styled ? [] : ["without its style"]),
          ...seen.violations.map((one) => `${one.id}: ${one.nodes[0].target}`),
        ];
        if (wrong.length) found[`${colorScheme} ${width}`] = wrong;
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
    return found;
  },
};

const found = [];
for (const [word, ...rest] of given.steps) {
  try {
    found.push((await Promise.race([words[word](...rest), broken])) ?? null);
  } catch (error) {
    problems.push(`${word} ${rest.join(" ")}: ${error.message}`, await page.innerText("body").catch(() => ""));
    break;
  }
}
await browser.close();
console.log(JSON.stringify({ found, problems }));
