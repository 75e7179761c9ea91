// The menu over the game: what a player may choose, and the ways out.
//
// Never here: what a choice does (see play.js, sound.js).

import { part } from "../page.js";
import { keepKeysWithin } from "./keys_within.js";

export class Menu {
  /**
   * @param {import("../settings.js").Settings} settings
   * @param {{ giveUp: () => void, leave: () => void, closed: () => void }} acts
   */
  constructor(settings, { giveUp, leave, closed }) {
    this.dialog = /** @type {HTMLDialogElement} */ (part("menu"));
    this.giveUp = part("menu-give-up");
    bindCheck(settings, "set-sound", "sound");
    bindCheck(settings, "set-shake", "shake");
    bindCheck(settings, "set-names", "names");
    bindCheck(settings, "set-net", "netGraph");
    const volume = /** @type {HTMLInputElement} */ (part("set-volume"));
    volume.addEventListener("input", () => settings.choose({ volume: Number(volume.value) }));
    settings.follow(() => { volume.value = String(settings.choices.volume); });
    part("menu-resume").addEventListener("click", () => this.close());
    this.giveUp.addEventListener("click", () => { this.close(); giveUp(); });
    part("menu-leave").addEventListener("click", () => { this.close(); leave(); });
    this.dialog.addEventListener("close", closed);
    keepKeysWithin(this.dialog);
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** @param {boolean} plays whether there is a life to give up */
  open(plays) {
    this.giveUp.hidden = !plays;
    if (!this.dialog.open) this.dialog.showModal();
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }
}

/**
 * @param {import("../settings.js").Settings} settings
 * @param {string} id
 * @param {"sound" | "shake" | "names" | "netGraph"} key
 */
function bindCheck(settings, id, key) {
  const box = /** @type {HTMLInputElement} */ (part(id));
  box.addEventListener("change", () => settings.choose({ [key]: box.checked }));
  settings.follow(() => { box.checked = settings.choices[key]; });
}
