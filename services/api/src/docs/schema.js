// Schemas: their type in a word, their fields as a list, and an example of a body.

import { draw, prose } from "./draw.js";

const PLACE = "#/components/schemas/";

/** The schema that a reference names, by its name. */
const named = (schema) => (schema?.$ref?.startsWith(PLACE) ? schema.$ref.slice(PLACE.length) : undefined);

const follow = (schema, all) => (named(schema) ? all[named(schema)] : schema);

/** What a value is, in words and links. */
export function kind(schema) {
  const name = named(schema);
  if (name) return [draw("a", { href: `#schema-${name}` }, name)];
  if (!schema) return ["anything"];
  if (schema.type === "array") return ["list of ", ...kind(schema.items)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.flatMap((choice, index) => (index ? [" or ", ...kind(choice)] : kind(choice)));
  const types = [schema.type ?? (schema.allOf || schema.properties ? "object" : "anything")].flat();
  const format = schema.format ? ` (${schema.format})` : "";
  return [types.map((type) => (type === "null" ? "none" : type)).join(" or ") + format];
}

/** Every field of a schema, those that it takes from others included. */
function fields(schema, all) {
  const whole = follow(schema, all) ?? {};
  const must = new Set(whole.required ?? []);
  const own = Object.entries(whole.properties ?? {}).map(([name, value]) => ({ name, value, must: must.has(name) }));
  return [...(whole.allOf ?? []).flatMap((part) => fields(part, all)), ...own];
}

/** A schema in full: what it is, its values or its fields. */
export function describe(schema, all) {
  const whole = follow(schema, all) ?? {};
  const said = whole.description ? [draw("p", {}, ...prose(whole.description))] : [];
  const listed = fields(schema, all).map(({ name, value, must }) =>
    draw("li", {},
      draw("code", {}, name), " ",
      draw("span", { class: "kind" }, ...kind(value)),
      must ? draw("span", { class: "must", title: "always there" }, " *") : undefined,
      value.description ? draw("p", {}, ...prose(value.description)) : undefined));
  if (listed.length) return [...said, draw("ul", { class: "fields" }, ...listed)];
  return [...said, draw("p", { class: "kind" }, ...kind(whole))];
}

/** A body to begin with. */
export function example(schema, all, depth = 0) {
  const whole = follow(schema, all) ?? {};
  if (whole.enum) return whole.enum[0];
  const type = [whole.type ?? "object"].flat()[0];
  if (type === "array") return [];
  if (type === "integer" || type === "number") return whole.minimum ?? 1;
  if (type === "boolean") return false;
  if (type === "string") return "";
  if (depth > 3) return {};
  const wanted = fields(schema, all).filter((field) => field.must);
  return Object.fromEntries(wanted.map(({ name, value }) => [name, example(value, all, depth + 1)]));
}
