/** Which methods an address answers: for 405, Allow and preflights. */

interface Route {
  readonly method: string;
  readonly path: string;
}

interface Pattern {
  readonly segments: readonly string[];
  readonly methods: Set<string>;
}

export interface Methods {
  /** Learns the routes, once all are there. */
  learn(routes: readonly Route[]): void;
  /** Of a path, in alphabetical order; empty when there is no such address. */
  of(path: string): readonly string[];
}

const segmentsOf = (path: string): string[] => path.replace(/\/+$/, "").split("/").slice(1);

export function makeMethods(): Methods {
  const patterns = new Map<string, Pattern>();

  const fits = ({ segments }: Pattern, given: readonly string[]): boolean =>
    segments.length === given.length &&
    segments.every((segment, index) => (segment.startsWith(":") ? given[index] !== "" : segment === given[index]));

  return {
    learn(routes) {
      for (const { method, path } of routes) {
        // A WebSocket begins as a GET.
        const word = method === "WS" ? "GET" : method;
        const pattern = patterns.get(path) ?? { segments: segmentsOf(path), methods: new Set(["OPTIONS"]) };
        pattern.methods.add(word);
        if (word === "GET") pattern.methods.add("HEAD");
        patterns.set(path, pattern);
      }
    },
    of(path) {
      const given = segmentsOf(path);
      const found = [...patterns.values()].filter((pattern) => fits(pattern, given));
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted();
    },
  };
}
