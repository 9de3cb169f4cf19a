/** The OpenAPI document as a page that can be read: no script, nothing from another host, every word escaped. */
import type { ApiDocument, Method, Operation } from "./document.ts";
import { METHODS } from "./document.ts";
import { shapeOf, wordsOf } from "./shape.ts";

export const STYLE_PATH = "/api/openapi/page.css";

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
/** `code` and **strong** of our own sentences. */
const rich = (text: string): string =>
  escaped(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>");

function who({ security }: Operation): string {
  const anyone = security.some((each) => Object.keys(each).length === 0);
  if (!anyone) return "whoever is signed in";
  return security.length > 1 ? "anyone; more for whoever is signed in" : "anyone";
}

function parameters({ parameters: all = [] }: Operation): string {
  if (all.length === 0) return "";
  const rows = all.map(
    ({ name, in: place, required, description, schema }) =>
      `<tr><th scope="row"><code>${escaped(name)}</code></th><td>${place}${required ? ", required" : ""}</td>` +
      `<td><code>${escaped(shapeOf(schema))}</code></td><td>${rich(wordsOf(description, schema))}</td></tr>`,
  );
  const head = ["Parameter", "Where", "Type", "Meaning"].map((word) => `<th scope="col">${word}</th>`).join("");
  return `<div class="wide" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function requestBody({ requestBody: body }: Operation): string {
  if (body === undefined) return "";
  return Object.entries(body.content)
    .map(([type, { schema }]) => {
      const title = `<h3>Body: ${escaped(type)}${body.required === false ? ", optional" : ""}</h3>`;
      return schema === undefined ? title : `${title}<pre tabindex="0">${escaped(shapeOf(schema))}</pre>`;
    })
    .join("");
}

function responses({ responses: all }: Operation): string {
  const parts = Object.entries(all).flatMap(([status, { $ref, description = "", content = {} }]) => {
    if ($ref !== undefined) return [];
    const shapes = Object.entries(content).map(([type, { schema }]) => {
      if (!type.includes("json") || schema === undefined) return `: <code>${escaped(type)}</code>`;
      const shape = shapeOf(schema);
      return shape.includes("\n") ? `<pre tabindex="0">${escaped(shape)}</pre>` : `: <code>${escaped(shape)}</code>`;
    });
    return [`<li><code class="status s${status[0]}">${status}</code> ${escaped(description)}${shapes.join("")}</li>`];
  });
  return `<h3>Answers</h3><ul class="answers">${parts.join("")}</ul>`;
}

function curl(method: Method, path: string, { security, requestBody: body }: Operation): string {
  const parts = [`curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`}`];
  if (security.every((each) => Object.keys(each).length > 0)) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (body !== undefined && "application/json" in body.content)
    parts.push("-H 'Content-Type: application/json' -d '{…}'");
  parts.push(`"$SITE${path}"`);
  return `<pre class="curl" tabindex="0">${escaped(parts.join(" "))}</pre>`;
}

function operation(path: string, method: Method, given: Operation): string {
  const { operationId, summary, description } = given;
  return (
    `<details id="${escaped(operationId)}"><summary><code class="method ${method}">${method.toUpperCase()}</code> ` +
    `<code class="path">${escaped(path)}</code> <span>${rich(summary)}</span></summary>` +
    `<p class="who">For ${who(given)}.${description === undefined ? "" : ` ${rich(description)}`}</p>` +
    `${parameters(given)}${requestBody(given)}${responses(given)}${curl(method, path, given)}</details>`
  );
}

function section(document: ApiDocument, tag: string, description: string): string {
  const inner = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const given = methods[method];
      return given?.tags.includes(tag) ? [operation(path, method, given)] : [];
    }),
  );
  return `<section id="tag-${tag.toLowerCase()}"><h2>${escaped(tag)}</h2><p>${escaped(description)}</p>${inner.join("")}</section>`;
}

export function renderPage(document: ApiDocument): string {
  const { info, tags, components } = document;
  const links = tags.map(({ name }) => `<a href="#tag-${name.toLowerCase()}">${escaped(name)}</a>`);
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="schema-${name}"><summary><code class="path">${escaped(name)}</code></summary><pre tabindex="0">${escaped(shapeOf(schema))}</pre></details>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<header><p><a href="/">StreamHub</a></p><h1>${escaped(info.title)}</h1>
<p>The same as a document for programs: <a href="/api/openapi?format=json">OpenAPI ${escaped(document.openapi)}</a></p>
<nav aria-label="Parts">${links.join("")}<a href="#schemas">Shapes</a></nav></header>
<main>
<section class="about">${info.description
    .split("\n\n")
    .map((paragraph) => `<p>${rich(paragraph)}</p>`)
    .join("")}</section>
${tags.map(({ name, description }) => section(document, name, description)).join("\n")}
<section id="schemas"><h2>Shapes</h2><p>What several routes speak of</p>${schemas.join("")}</section>
</main>
</body>
</html>
`;
}
