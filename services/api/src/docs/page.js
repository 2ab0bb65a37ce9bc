// The page of the HTTP interface: reads its OpenAPI document and draws it, path by path.

import { ask } from "./ask.js";
import { draw, prose, unfold } from "./draw.js";
import { describe, kind } from "./schema.js";

const METHODS = ["get", "put", "post", "delete"];
const at = (id) => document.getElementById(id);

// Kept here and nowhere else: it is gone with the page.
const token = () => at("token").value.trim();

/** The first sentence of a text. */
const first = (text) => String(text ?? "").split(/(?<=\.)\s/)[0];

function operations(doc) {
  return Object.entries(doc.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })));
}

function answers(operation) {
  const rows = Object.entries(operation.responses ?? {}).map(([status, answer]) => draw("tr", {},
    draw("td", {}, draw("code", {}, status)),
    draw("td", {}, ...prose(answer.description)),
    draw("td", {}, ...Object.entries(answer.content ?? {}).map(([media, { schema }]) =>
      draw("div", { class: "kind" }, ...kind(schema), ` as ${media}`)))));
  return [draw("h3", {}, "Answers"), draw("table", { class: "rows" }, draw("tbody", {}, ...rows))];
}

function drawOperation({ path, method, operation }, all) {
  const summary = [
    draw("span", { class: `method ${method}` }, method.toUpperCase()),
    draw("span", { class: "path" }, path),
    draw("span", { class: "short" }, ...prose(first(operation.summary))),
  ];
  const words = `${method} ${path} ${operation.summary ?? ""}`.toLowerCase();
  return unfold({ class: "operation", id: operation.operationId, "data-words": words }, summary, () => [
    draw("p", {}, ...prose(operation.summary)),
    operation.description ? draw("p", {}, ...prose(operation.description)) : undefined,
    ...ask({ method, path, operation, all, token }),
    ...answers(operation),
  ]);
}

function drawSchema([name, schema], all) {
  const short = prose(first(schema.description));
  const summary = [draw("span", { class: "path" }, name), draw("span", { class: "short" }, ...short)];
  return unfold({ class: "schema", id: `schema-${name}`, "data-words": name.toLowerCase() }, summary, () => describe(schema, all));
}

function section(name, parts) {
  const entry = draw("a", { href: `#of-${name}` }, name, draw("span", {}, String(parts.length)));
  at("contents").append(entry);
  return draw("section", {}, draw("h2", { id: `of-${name}` }, name), ...parts);
}

/** Shows what has every word that is typed. */
function filter() {
  const wanted = at("filter").value.toLowerCase().split(/\s+/);
  for (const part of document.querySelectorAll("[data-words]")) {
    part.hidden = !wanted.every((word) => part.dataset.words.includes(word));
  }
  for (const one of document.querySelectorAll("section")) {
    one.hidden = !one.querySelector("[data-words]:not([hidden])");
  }
}

/** Opens what the address names. */
function open() {
  const part = at(decodeURIComponent(location.hash.slice(1)));
  if (part?.tagName === "DETAILS") part.open = true;
  part?.scrollIntoView();
}

async function begin() {
  const answer = await fetch("/v1/openapi.json");
  if (!answer.ok) throw new Error(`/v1/openapi.json answers ${answer.status}`);
  const doc = await answer.json();
  const all = doc.components?.schemas ?? {};
  at("version").textContent = doc.info.version;
  at("about").textContent = doc.info.description;
  const groups = Map.groupBy(operations(doc), ({ operation }) => operation.tags?.[0] ?? "other");
  for (const [tag, members] of [...groups].sort(([one], [other]) => one.localeCompare(other))) {
    at("paths").append(section(tag, members.map((member) => drawOperation(member, all))));
  }
  at("paths").append(section("schemas", Object.entries(all).map((entry) => drawSchema(entry, all))));
  at("filter").addEventListener("input", filter);
  addEventListener("hashchange", open);
  open();
}

begin().catch((error) => {
  at("about").textContent = `The document cannot be drawn: ${error.message}`;
});
