// Tries a path: fields for its parameters, the request, and what came back.

import { draw, prose } from "./draw.js";
import { example, kind } from "./schema.js";

const SHOWN = ["etag", "gantry-seq", "location", "retry-after", "content-type"];
const LARGEST = 200000;

/** Parameters, body and a button. `token` gives the bearer token there is. */
export function ask({ method, path, operation, all, token }) {
  const parameters = operation.parameters ?? [];
  const inputs = parameters.map((parameter) => draw("input", {
    "aria-label": parameter.name,
    placeholder: parameter.in,
    autocomplete: "off",
  }));
  const rows = parameters.map((parameter, index) => draw("tr", {},
    draw("td", {}, draw("code", {}, parameter.name), parameter.required ? draw("span", { class: "must" }, " *") : undefined),
    draw("td", {}, ...prose(parameter.description), " ", draw("span", { class: "kind" }, ...kind(parameter.schema))),
    draw("td", { class: "asked" }, inputs[index])));
  const body = bodyOf(operation, all);
  const sent = draw("div", { class: "sent", "aria-live": "polite" });
  const button = draw("button", { type: "button" }, "Send");
  button.addEventListener("click", async () => {
    button.disabled = true;
    const values = parameters.map((parameter, index) => ({ ...parameter, value: inputs[index].value.trim() }));
    sent.replaceChildren(...await send({ method, path, values, body, token: token() }));
    button.disabled = false;
  });
  return [
    ...(rows.length ? [draw("h3", {}, "Parameters"), draw("table", { class: "rows" }, draw("tbody", {}, ...rows))] : []),
    ...(body ? [draw("h3", {}, "Body"), draw("p", { class: "kind" }, ...body.kind), body.text] : []),
    draw("h3", {}, "Try it"), button, sent,
  ];
}

function bodyOf(operation, all) {
  const kinds = Object.entries(operation.requestBody?.content ?? {});
  if (!kinds.length) return undefined;
  const [media, { schema }] = kinds.find(([name]) => name === "application/json") ?? kinds[0];
  const text = draw("textarea", { "aria-label": "Body", spellcheck: "false" });
  text.value = JSON.stringify(example(schema, all), null, 2);
  const taken = kinds.map(([name]) => name).join(" or ");
  return { media, text, kind: [`${taken}: `, ...kind(schema)] };
}

async function send({ method, path, values, body, token }) {
  const missing = values.find((one) => one.in === "path" && !one.value);
  if (missing) return [draw("p", { class: "status bad" }, `${missing.name} is missing`)];
  const headers = new Headers(token ? { Authorization: `Bearer ${token}` } : {});
  const query = new URLSearchParams();
  let url = path;
  for (const { name, value, in: place } of values.filter((one) => one.value)) {
    if (place === "path") url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (place === "query") query.set(name, value);
    else headers.set(name, value);
  }
  if (query.size) url += `?${query}`;
  if (body) headers.set("Content-Type", body.media);
  const begun = performance.now();
  try {
    const answer = await fetch(url, { method: method.toUpperCase(), headers, body: body?.text.value });
    return await shown(url, answer, begun);
  } catch (error) {
    return [draw("p", { class: "status bad" }, `no answer: ${error.message}`)];
  }
}

async function shown(url, answer, begun) {
  const text = await answer.text();
  const took = Math.round(performance.now() - begun);
  const headers = SHOWN.filter((name) => answer.headers.has(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
  return [
    draw("p", { class: answer.ok ? "status" : "status bad" }, `${answer.status} in ${took} ms`),
    draw("pre", {}, [url, ...headers].join("\n")),
    draw("pre", {}, readable(text).slice(0, LARGEST)),
  ];
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
