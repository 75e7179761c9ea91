// Parts of the page by their ids. A part that is missing is our own mistake, and said so.
//
// Never here: what they show.

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function part(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no part called ${id}`);
  return /** @type {T} */ (found);
}

/**
 * Shows a text, if it is another one. Players' words come to the page only like this.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Shows a part of the page, or hides it. Touches it only where that changes something: each touch has the page laid out anew.
 * @param {HTMLElement} element
 * @param {boolean} visible
 */
export function reveal(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/**
 * A new element with a class and a text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {string} [text]
 */
export function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * As much of a text as so many bytes of UTF-8 hold, in whole letters.
 * @param {string} text
 * @param {number} bytesMax
 */
export function cut(text, bytesMax) {
  const encoder = new TextEncoder();
  let kept = "";
  let bytes = 0;
  for (const letter of text) {
    bytes += encoder.encode(letter).length;
    if (bytes > bytesMax) break;
    kept += letter;
  }
  return kept;
}
