// SPDX-License-Identifier: Apache-2.0
// Shows the OpenAPI document of this server.
"use strict";

const verbs = ["get", "post", "put", "patch", "delete"];
/** @type {Record<string, any>} The document. */
let api = {};

/**
 * Makes an element. Everything that comes from the document goes in as text.
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {...(Node | string | null)} children null: left out.
 */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Text in which `…` is code. */
function prose(text) {
  const made = document.createDocumentFragment();
  for (const paragraph of text.split("\n\n")) {
    const parts = paragraph.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
    made.append(element("p", {}, ...parts));
  }
  return made;
}

/** What a `$ref` leads to, or the value itself. */
function resolved(value) {
  let found = value;
  while (found && found.$ref) {
    found = found.$ref.slice(2).split("/").reduce((inner, key) => inner[key.replaceAll("~1", "/")], api);
  }
  return found;
}

/** The name at the end of a `$ref`. */
const nameOf = (schema) => schema.$ref.split("/").pop();

/** A schema in a few words. */
function typeOf(schema) {
  if (schema.$ref) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  const types = [].concat(schema.type ?? "any");
  const words = types.map((type) => {
    if (type === "array") return `list of ${typeOf(schema.items ?? {})}`;
    if (type === "object" && schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
    if (type === "string" && schema.enum) return schema.enum.join(" | ");
    return type === "string" && schema.format ? schema.format : type;
  });
  return words.join(" or ");
}

/** The schemas with properties inside another, by what they are called. */
function inner(schema) {
  if (schema.$ref) return [resolved(schema)];
  if (schema.anyOf) return schema.anyOf.flatMap(inner);
  if (schema.items) return inner(schema.items);
  if (typeof schema.additionalProperties === "object") return inner(schema.additionalProperties);
  return schema.properties ? [schema] : [];
}

/** The members of an object; those of objects inside open on demand. What an answer has is always there. */
function fields(schema, isRequest) {
  const list = element("ul", { class: "fields" });
  const required = new Set(isRequest ? schema.required : []);
  for (const [name, value] of Object.entries(schema.properties ?? {})) {
    list.append(field(name, value, required.has(name), isRequest));
  }
  return list;
}

function field(name, schema, isRequired, isRequest, comment = schema.description) {
  const head = [
    element("code", {}, name), element("span", { class: "type" }, typeOf(schema)),
    isRequired ? element("span", { class: "must" }, "required") : null,
  ];
  const text = comment ? prose(comment) : null;
  const below = inner(schema).filter((one) => one.properties);
  if (!below.length) return element("li", {}, ...head, text);
  return element("li", {}, lazy(element("summary", {}, ...head), () => below.map((one) => fields(one, isRequest))), text);
}

/** A part that is made when it is opened for the first time. */
function lazy(summary, make, attributes = {}) {
  const part = element("details", attributes, summary);
  part.addEventListener("toggle", () => part.append(...make()), { once: true });
  return part;
}

/** The examples of a content, by what they are called. */
function examples({ example, examples: named = {} }) {
  const all = Object.entries(named).map(([name, one]) => [one.summary ?? name, one.value]);
  return example === undefined ? all : [["", example], ...all];
}

const written = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** What a body may be. The first example of a request is shown as a command line already. */
function content(body, isRequest) {
  const made = [];
  for (const [type, one] of Object.entries(body.content ?? {})) {
    made.push(element("p", { class: "quiet" }, `${type}: ${typeOf(one.schema)}`));
    for (const [name, value] of examples(one).slice(isRequest ? 1 : 0)) {
      if (name) made.push(element("p", { class: "quiet" }, name));
      made.push(element("pre", {}, written(value)));
    }
    for (const below of inner(one.schema)) made.push(fields(below, isRequest));
  }
  return made;
}

/** A body in one line, or in several when it is long. */
function sent(value) {
  const line = JSON.stringify(value);
  return line.length > 60 ? JSON.stringify(value, null, 2) : line;
}

/** A text in single quotes, as shells read it. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The credentials that an example shows: a key where one will do. */
function shown(operation) {
  const names = (operation.security ?? []).flatMap(Object.keys);
  if (names.includes("apiKey")) return ["-H", '"X-Api-Key: $KEY"'];
  return names.length ? ["-H", '"Authorization: Bearer $TOKEN"'] : [];
}

/** The example as a command line. */
function command(path, verb, operation) {
  const query = [];
  let filled = path;
  for (const one of (operation.parameters ?? []).map(resolved)) {
    if (one.example === undefined) continue;
    if (one.in === "path") filled = filled.replace(`{${one.name}}`, encodeURI(one.example));
    else for (const value of [].concat(one.example)) query.push(`${one.name}=${encodeURIComponent(value)}`);
  }
  const address = `${location.origin}${api.servers[0].url}${filled}${query.length ? `?${query.join("&")}` : ""}`;
  const words = verb === "get" ? ["curl"] : ["curl", "-X", verb.toUpperCase()];
  words.push(quoted(address), ...shown(operation));
  for (const [type, one] of Object.entries(operation.requestBody?.content ?? {})) {
    if (type.startsWith("multipart")) words.push("-F", "avatar=@picture.png");
    const value = examples(one)[0]?.[1];
    if (value !== undefined) words.push("-H", quoted(`Content-Type: ${type}`), "-d", quoted(sent(value)));
  }
  const lines = [];
  for (const word of words) {
    if (/^-[HdF]$/.test(word)) lines.push(`  ${word}`);
    else lines.push(lines.length ? `${lines.pop()} ${word}` : word);
  }
  return lines.join(" \\\n");
}

/** A command line with a button that copies it. */
function copyable(text) {
  const made = element("div", { class: "command" }, element("pre", {}, text));
  // Browsers have it on HTTPS and on localhost only.
  if (!navigator.clipboard) return made;
  const button = element("button", { class: "copy", type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  });
  made.append(button);
  return made;
}

function credentials(operation) {
  const names = (operation.security ?? []).flatMap(Object.keys);
  return names.length ? `Credentials: ${names.join(", ")}` : "Open to everybody";
}

function inside(path, verb, operation) {
  const made = element("div", { class: "inside" });
  if (operation.description) made.append(prose(operation.description));
  made.append(element("p", { class: "padlock" }, credentials(operation)));
  made.append(element("div", {}, element("h3", {}, "Example"), copyable(command(path, verb, operation))));
  const parameters = (operation.parameters ?? []).map(resolved);
  if (parameters.length) {
    const list = element("ul", { class: "fields" });
    for (const one of parameters) {
      const item = field(one.name, one.schema, one.required === true, true, one.description);
      item.querySelector(".type").append(` in ${one.in}`);
      list.append(item);
    }
    made.append(element("div", {}, element("h3", {}, "Parameters"), list));
  }
  if (operation.requestBody) {
    made.append(element("div", {}, element("h3", {}, "Body"), ...content(operation.requestBody, true)));
  }
  const answers = element("div", { class: "answers" });
  for (const [status, answer] of Object.entries(operation.responses)) {
    const body = resolved(answer);
    const kind = status < "400" ? "good" : "bad";
    const head = [element("span", { class: `status ${kind}` }, status), body.description];
    answers.append(
      body.content ? lazy(element("summary", {}, ...head), () => content(body, false)) : element("div", {}, ...head));
  }
  made.append(element("div", {}, element("h3", {}, "Answers"), answers));
  return made;
}

function route(path, verb, operation) {
  const summary = element(
    "summary", {}, element("span", { class: `verb ${verb}` }, verb.toUpperCase()), element("code", {}, path),
    element("span", { class: "quiet" }, operation.summary ?? ""));
  const part = lazy(summary, () => [inside(path, verb, operation)], { class: "route", id: operation.operationId });
  part.dataset.words = `${verb} ${path} ${operation.summary} ${operation.description ?? ""}`.toLowerCase();
  return part;
}

function show() {
  const about = document.getElementById("about");
  about.append(prose(api.info.description));
  const schemes = element("dl", {});
  for (const [name, scheme] of Object.entries(api.components.securitySchemes)) {
    schemes.append(element("dt", {}, name), element("dd", {}, prose(scheme.description)));
  }
  about.append(schemes);
  for (const tag of api.tags) {
    const group = element("section", { class: "group", id: `tag-${tag.name}` }, element("h2", {}, tag.name));
    if (tag.description) group.append(prose(tag.description));
    let count = 0;
    for (const [path, operations] of Object.entries(api.paths)) {
      for (const verb of verbs.filter((one) => operations[one]?.tags.includes(tag.name))) {
        group.append(route(path, verb, operations[verb]));
        count += 1;
      }
    }
    if (!count) continue;
    document.getElementById("groups").append(group);
    document.getElementById("tags").append(
      element("a", { href: `#tag-${tag.name}` }, tag.name, element("span", {}, `${count}`)));
  }
  document.body.dataset.state = "ready";
}

/** Leaves the routes that have every word. */
function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const group of document.querySelectorAll(".group")) {
    let some = false;
    for (const part of group.querySelectorAll(".route")) {
      part.hidden = !words.every((word) => part.dataset.words.includes(word));
      if (!part.hidden) [some, shown] = [true, shown + 1];
    }
    group.hidden = !some;
  }
  document.getElementById("nothing").hidden = shown > 0;
}

/** Opens the route that the address names. */
function openNamed() {
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part instanceof HTMLDetailsElement) part.open = true;
  part?.scrollIntoView();
}

async function start() {
  try {
    const answer = await fetch("/api/schema/");
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    api = await answer.json();
    show();
    openNamed();
  } catch (error) {
    const problem = document.getElementById("problem");
    problem.textContent = `The document could not be shown. ${error.message}`;
    problem.hidden = false;
    document.body.dataset.state = "failed";
  }
}

document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
addEventListener("hashchange", openNamed);
start();
