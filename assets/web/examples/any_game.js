// Draws and plays any game by the schema that the server sends. Arrow keys move; what else its input has gets a control.
import { connect } from "../sdk/index.js";
const [canvas, form, output] = ["canvas", "form", "output"].map((name) => document.querySelector(name));
const room = await connect(location.origin, { name: "Guest" }).catch((error) => Promise.reject((output.textContent = error.message)));
const { kinds, components, input } = room.agreement.schema;
const [pen, pressed, bounds] = [canvas.getContext("2d"), new Set(), { near: Infinity, far: -Infinity }];
const hues = new Map(kinds.map(({ name }, number) => [name, `hsl(${190 + (300 * number) / kinds.length} 70% 65%)`]));
let latest = "";
for (const { name, kind } of input.fields) {
  const axis = (less, more) => (pressed.has(more) ? kind.max : 0) + (pressed.has(less) ? kind.min : 0);
  if (kind.word === "vector2") {
    const steer = () => room.sendInput({ [name]: { x: axis("ArrowLeft", "ArrowRight"), y: axis("ArrowUp", "ArrowDown") } });
    onkeydown = onkeyup = ({ type, code }) => (pressed[type === "keydown" ? "add" : "delete"](code), steer());
  } else {
    const control = document.createElement(kind.word === "choice" ? "select" : "input");
    if (kind.word === "choice") control.append(...kind.names.map((choice) => new Option(choice)));
    else Object.assign(control, { type: kind.word === "bool" ? "checkbox" : "range", min: kind.min ?? 0, max: kind.max ?? 65535, value: 0 });
    control.onchange = () => room.sendInput({ [name]: { choice: control.value, bool: control.checked }[kind.word] ?? Number(control.value) });
    form.appendChild(document.createElement("label")).append(`${name} `, control);
  }
}
const places = components.flatMap(({ name, fields }) => fields.filter(({ marks }) => marks.position).map((field) => [name, field.name]));
const placeOf = (entity) => places.map(([component, field]) => entity.components[component]?.[field]).find((at) => at);
const draw = (now) => {
  const [{ entities, me }, elsewhere] = [room.view(now), [latest]];
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const entity of entities.values()) {
    const plain = Object.values(entity.components).flatMap(Object.entries).filter(([, value]) => typeof value !== "object");
    const text = plain.map(([name, value]) => `${name} ${value}`).join(", ");
    const at = placeOf(entity);
    if (!at) elsewhere.push(`${entity.kind}: ${text}`);
    if (!at) continue;
    const { near, far } = Object.assign(bounds, { near: Math.min(bounds.near, at.x, at.y), far: Math.max(bounds.far, at.x, at.y) });
    const [x, y] = [at.x, at.y].map((value) => 20 + (600 * (value - near)) / Math.max(1, far - near));
    pen.fillStyle = entity === me ? "#ffd166" : hues.get(entity.kind);
    pen.fillRect(x - 5, y - 5, 10, 10);
    pen.fillText(text, x + 8, y + 4);
  }
  output.textContent = elsewhere.join("\n");
  requestAnimationFrame(draw);
};
room.on("event", ({ name, values }) => (latest = `${name}: ${JSON.stringify(values)}`));
room.on("leave", ({ text }) => (latest = text));
requestAnimationFrame(draw);
