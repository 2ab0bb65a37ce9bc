// Draws elements. Texts are only ever set as text, so that nothing in the document is taken for markup.

/** An element with attributes and children; a child is an element or a text. */
export function draw(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

/** A text in which `these` stand as code. */
export function prose(text) {
  const parts = String(text ?? "").split("`");
  return parts.map((part, index) => (index % 2 ? draw("code", {}, part) : part));
}

/** A part that is drawn only once it is opened. */
export function unfold(attributes, summary, inside) {
  const details = draw("details", attributes, draw("summary", {}, ...summary));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(draw("div", { class: "inside" }, ...inside()));
  });
  return details;
}
