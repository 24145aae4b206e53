// One TypeScript tree, two products: ESM files for the widgets, and the prebuilt lab extension.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

// KaTeX's style sheet with its fonts inside: a kernel can push it, and no page has to fetch anything.
const katexStyle = {
  name: "katex-style",
  setup(build) {
    build.onResolve({ filter: /^katex-style$/ }, () => ({ path: "katex", namespace: "katex-style" }));
    build.onLoad({ filter: /.*/, namespace: "katex-style" }, () => {
      const dist = join(here, "node_modules/katex/dist");
      const inlined = readFileSync(join(dist, "katex.min.css"), "utf8").replace(
        /src:url\((fonts\/[\w-]+\.woff2)\)[^;}]*/g,
        (_, font) => `src:url(data:font/woff2;base64,${readFileSync(join(dist, font), "base64")}) format("woff2")`,
      );
      return { contents: inlined, loader: "text" };
    });
  },
};

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  legalComments: "none",
  loader: { ".css": "text" },
  logLevel: "warning",
  metafile: true,
  minify: true,
  plugins: [katexStyle],
  target: "es2022",
};

for (const folder of ["lib", "../fastmode_magic/views/static"])
  rmSync(join(here, folder), { recursive: true, force: true });
const [widget, lab] = await Promise.all([
  build({
    ...common,
    entryPoints: { answer: "src/widget/answer.ts", math: "src/math.ts" },
    outdir: "../fastmode_magic/views/static",
  }),
  build({
    ...common,
    entryPoints: { lab: "src/lab/index.ts" },
    external: ["@jupyterlab/*", "@lumino/*"],
    outdir: "lib",
    splitting: true,
  }),
]);

const builder = join(here, "node_modules/@jupyter/builder/lib/build-labextension.js");
const core = join(here, "node_modules/@jupyterlab/core-meta/core.package.json");
execFileSync(process.execPath, [builder, "--core-package-file", core, here], {
  stdio: ["ignore", "ignore", "inherit"],
});

/** The licences of what a build has taken in, in the form that JupyterLab's Help → Licenses reads. */
function licences({ metafile }) {
  const inputs = Object.keys(metafile.inputs).map((path) => path.replace(/^katex-style:/, "node_modules/"));
  const names = new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
  const packages = [...names].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((one) => join(folder, one)).find(existsSync);
    if (!file) throw new Error(`${name} has no licence file`);
    return { name, versionInfo: version, licenseId: license, extractedText: readFileSync(file, "utf8") };
  });
  return JSON.stringify({ packages }, null, 2);
}

const listed = "third-party-licenses.json";
writeFileSync(join(here, "../fastmode_magic/views/static", listed), licences(widget));
writeFileSync(join(here, "../fastmode_magic/labextension/static", listed), licences(lab));
