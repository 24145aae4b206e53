/** Icons of 16 units, drawn in the colour of the text. */

import { drawing } from "./dom";

const PATHS = {
  bolt: "M9.3 1 3 9.2h4L6.2 15 13 6.6H8.7z",
  note: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Zm0 1.4a5.1 5.1 0 1 0 0 10.2A5.1 5.1 0 0 0 8 2.900ZM7.300 7.200h1.400v4H7.300Zm0-2.400h1.400v1.400H7.300Z",
  warning:
    "M8 1.400c.4 0 .8.2 1 .6l5.600 10.300c.4.8-.1 1.700-1 1.700H2.400c-.9 0-1.400-.9-1-1.700L7 2c.2-.4.6-.6 1-.6Zm0 1.900L3 12.600h10ZM7.300 6.400h1.400v3.200H7.300Zm0 4h1.400v1.300H7.300Z",
} as const;

export function icon(name: keyof typeof PATHS): SVGSVGElement {
  const [svg, path] = drawing(`fm-icon fm-icon-${name}`, "0 0 16 16", "path");
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("fill", "currentColor");
  return svg;
}
