/** The module that renders formulas: asked for once a page, when the first formula is there. */

import type { Host } from "./host";

export type Renderer = Awaited<ReturnType<Host["loadMath"]>>;

let loading: Promise<Renderer> | null = null;

/** The module; after a failure a later answer may try again. */
export function loadMath(host: Host): Promise<Renderer> {
  loading ??= host.loadMath();
  loading.catch(() => {
    loading = null;
  });
  return loading;
}
