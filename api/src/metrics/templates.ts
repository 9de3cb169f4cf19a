/** The route template of a URL (`/api/streams/:id`): what metrics may name, as there are only so many. */

interface Node {
  readonly words: Map<string, Node>;
  parameter: Node | null;
  template: string | null;
  /** Of a route that takes all that follows. */
  rest: string | null;
}

export interface Templates {
  learn(paths: Iterable<string>): void;
  /** Null when no route has this path. */
  of(url: string): string | null;
}

const makeNode = (): Node => ({ words: new Map(), parameter: null, template: null, rest: null });

function find(node: Node, path: string, at: number): string | null {
  if (at >= path.length) return node.template ?? node.rest;
  const slash = path.indexOf("/", at);
  const end = slash === -1 ? path.length : slash;
  const named = node.words.get(path.slice(at, end));
  const found = named === undefined ? null : find(named, path, end + 1);
  if (found !== null) return found;
  const { parameter } = node;
  return (parameter !== null && end > at ? find(parameter, path, end + 1) : null) ?? node.rest;
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  if (start === -1) return "";
  const end = url.indexOf("?", start);
  return url.slice(start + 1, end === -1 ? undefined : end);
}

export function makeTemplates(): Templates {
  const root = makeNode();

  function add(path: string): void {
    const words = path.split("/").filter((word) => word !== "");
    const template = `/${words.join("/")}`;
    let node = root;
    for (const word of words) {
      if (word === "*") {
        node.rest ??= template;
        return;
      }
      if (word.startsWith(":")) {
        node.parameter ??= makeNode();
        node = node.parameter;
      } else {
        const next = node.words.get(word) ?? makeNode();
        node.words.set(word, next);
        node = next;
      }
    }
    node.template ??= template;
  }

  return {
    learn(paths) {
      for (const path of paths) add(path);
    },
    of: (url) => find(root, pathOf(url), 0),
  };
}
