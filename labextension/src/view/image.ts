/** Images from elsewhere: fetched only when their reader says so, which tells that place that somebody reads. */

import { element } from "./dom";

/** Do what the buttons of images in `pane` say. */
export function listenForImages(pane: HTMLElement): void {
  pane.addEventListener("click", (event) => {
    const allow = (event.target as Element).closest<HTMLElement>(".fm-show-image");
    if (!allow) return;
    event.preventDefault(); // it may stand in a link
    const image = element("img");
    image.referrerPolicy = "no-referrer";
    image.alt = "the image could not be shown";
    image.src = allow.title;
    allow.replaceWith(image);
  });
}
