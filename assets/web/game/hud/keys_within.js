// Keys stay within a dialog: behind its last control comes its first.
//
// Never here: where they go when it closes (see play.js).

/** @param {HTMLElement} root */
export function keepKeysWithin(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const all = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("button, input")]);
    const stops = all.filter((control) => control.getClientRects().length > 0);
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const isLast = at === (event.shiftKey ? 0 : stops.length - 1);
    if (at >= 0 && !isLast) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0)?.focus();
  });
}
