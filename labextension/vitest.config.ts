import { readFileSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** Style sheets as text, as build.mjs has them. */
const styles = {
  name: "styles-as-text",
  enforce: "pre" as const,
  resolveId(id: string, importer = "") {
    if (id === "katex-style") return "\0katex-style";
    return id.endsWith(".css") ? `\0text:${new URL(id, `file://${importer}`).pathname}.js` : null;
  },
  load(id: string) {
    if (id === "\0katex-style") return `export default ".katex { font: normal 1.21em serif }"`;
    if (!id.startsWith("\0text:")) return null;
    return `export default ${JSON.stringify(readFileSync(id.slice("\0text:".length, -".js".length), "utf8"))}`;
  },
};

// named here, so that no test run begins with a discovery and a reload
const languages = readFileSync(new URL("src/highlight.ts", import.meta.url), "utf8").match(
  /highlight\.js\/lib\/[\w/]+/g,
);

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

export default defineConfig({
  plugins: [styles],
  optimizeDeps: { include: ["katex", "marked", ...(languages ?? [])], noDiscovery: true },
  test: {
    include: ["tests/**/*.test.ts"],
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: process.env.FASTMODE_CHROMIUM ?? "/usr/bin/chromium", args },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
