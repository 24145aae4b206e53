// How busy a page is while an answer streams: node tests/bench/run.mjs [sections] [seconds] [speed-up]
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const [sections = 32, seconds = 32, faster = 1] = process.argv.slice(2).map(Number);

const katexStyle = {
  name: "katex-style",
  setup(build) {
    build.onResolve({ filter: /^katex-style$/ }, () => ({ path: "katex", namespace: "katex" }));
    build.onLoad({ filter: /.*/, namespace: "katex" }, () => ({
      contents: readFileSync(join(root, "node_modules/katex/dist/katex.min.css"), "utf8").replace(
        /src:url\((fonts\/[\w-]+\.woff2)\)[^;}]*/g,
        (_, font) =>
          `src:url(data:font/woff2;base64,${readFileSync(join(root, "node_modules/katex/dist", font), "base64")})`,
      ),
      loader: "text",
    }));
  },
};

const common = {
  bundle: true,
  format: "esm",
  minify: true,
  write: false,
  loader: { ".css": "text" },
  logLevel: "error",
};
const files = {
  "/math.js": await build({ ...common, entryPoints: [join(root, "src/math.ts")], plugins: [katexStyle] }),
  "/page.js": await build({ ...common, entryPoints: [join(root, "tests/bench/page.ts")], external: ["/math.js"] }),
};
const server = createServer(({ url }, response) => {
  const script = files[url]?.outputFiles[0].text;
  response.setHeader("content-type", script ? "text/javascript" : "text/html");
  response.end(script ?? "<!doctype html><body style='margin:0 20px'><script type=module src=/page.js></script>");
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));

const browser = await chromium.launch({
  executablePath: process.env.FASTMODE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});

async function measure(view) {
  const page = await browser.newPage({ viewport: { width: 900, height: 900 } });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => window.bench);
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable", { timeDomain: process.env.CPU ? "threadTicks" : "timeTicks" });
  await page.evaluate(() => {
    window.long = [];
    const origin = performance.now();
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) window.long.push([startTime - origin, duration]);
    }).observe({ entryTypes: ["longtask"] });
  });
  const metrics = async () => {
    const { metrics: all } = await client.send("Performance.getMetrics");
    return Object.fromEntries(all.map(({ name, value }) => [name, value]));
  };
  const before = await metrics();
  const last_ms = await page.evaluate(
    ([n, ms, on]) => window.bench.play(n, ms, on),
    [sections, (seconds * 1000) / faster, view],
  );
  await page.waitForTimeout(500);
  const after = await metrics();
  const spent = (name) => Number((after[name] - before[name]).toFixed(3));
  const result = {
    busy_s: spent("TaskDuration"),
    script_s: spent("ScriptDuration"),
    layout_s: spent("LayoutDuration"),
    style_s: spent("RecalcStyleDuration"),
    layouts: spent("LayoutCount"),
    last_paint_ms: Math.round(last_ms),
    long_tasks_ms: await page.evaluate(() => window.long.map(([at, ms]) => `${Math.round(at)}: ${Math.round(ms)}`)),
    heap_mb: Math.round(after.JSHeapUsedSize / 1e5) / 10,
  };
  await page.close();
  return result;
}

console.log("frames alone       ", JSON.stringify(await measure("")));
console.log("reader at the top  ", JSON.stringify(await measure("stays")));
console.log("reader at the end  ", JSON.stringify(await measure("follows")));
await browser.close();
server.close();
