/** What a model's text may point to. */

import { decoded } from "./characters";

const SCHEME = /^(?:https?:\/\/[^/\s]|mailto:[^\s])/i;
const IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z\d+/]+={0,2}$/;

/** The address of a link, null if it is none that a click may open. */
export function address(href: string): string | null {
  const url = decoded(href).trim();
  return SCHEME.test(url) ? url : null;
}

/** The source of an image that is in the text itself: nothing is fetched. */
export function picture(href: string): string | null {
  return IMAGE.test(href) ? href : null;
}

/** Where an image would have to be fetched from, which only its reader can allow. */
export function remotePicture(href: string): URL | null {
  const url = address(href);
  return url && URL.canParse(url) && /^http/i.test(url) ? new URL(url) : null;
}
