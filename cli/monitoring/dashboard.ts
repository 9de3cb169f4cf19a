/** Dashboards in Grafana's own model (schema 38, Grafana 10 or newer), from as little as says what is on them. */

/** Grafana's unit ids: requests a second, seconds, bits a second, a share from 0 to 1, and so on. */
export type Unit = "short" | "reqps" | "ops" | "s" | "bytes" | "Bps" | "bps" | "percentunit" | "bool_yes_no";

export interface Query {
  readonly expr: string;
  /** Such as `{{route}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly about: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** `number` shows the last value alone. */
  readonly look: "lines" | "stack" | "number";
  /** From which value on it is not good, and bad. */
  readonly limits?: { readonly warn: number; readonly bad: number; readonly below?: boolean };
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** Of the variable `instance`. */
  readonly instances: string;
  readonly rows: readonly Row[];
}

type Draft = Omit<Panel, "look" | "queries" | "title">;
const make =
  (look: Panel["look"]) =>
  (title: string, draft: Draft, ...queries: readonly (readonly [expr: string, legend?: string])[]): Panel => ({
    ...draft,
    title,
    look,
    queries: queries.map(([expr, legend = title]) => ({ expr, legend })),
  });

export const lines = make("lines");
export const stack = make("stack");
export const number = make("number");

const DATASOURCE = { type: "prometheus", uid: "prometheus" };
const WIDTH = 24;
const SIZES = { number: { w: 6, h: 4 }, lines: { w: 12, h: 8 }, stack: { w: 12, h: 8 } };

function thresholds({ limits }: Panel): object {
  if (limits === undefined) return { mode: "absolute", steps: [{ color: "text", value: null }] };
  const { warn, bad, below = false } = limits;
  const steps = below
    ? [
        { color: "red", value: null },
        { color: "orange", value: bad },
        { color: "green", value: warn },
      ]
    : [
        { color: "green", value: null },
        { color: "orange", value: warn },
        { color: "red", value: bad },
      ];
  return { mode: "absolute", steps };
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const { title, about, unit, queries, look } = panel;
  const custom = {
    drawStyle: "line",
    lineWidth: 1,
    fillOpacity: look === "stack" ? 30 : 8,
    showPoints: "never",
    spanNulls: false,
    stacking: { mode: look === "stack" ? "normal" : "none", group: "A" },
    thresholdsStyle: { mode: panel.limits === undefined ? "off" : "dashed" },
  };
  return {
    id,
    type: look === "number" ? "stat" : "timeseries",
    title,
    description: about,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: {
      defaults: { unit, min: 0, thresholds: thresholds(panel), ...(look === "number" ? {} : { custom }) },
      overrides: [],
    },
    options:
      look === "number"
        ? {
            reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
            colorMode: "value",
            graphMode: "area",
          }
        : {
            legend: { displayMode: "list", placement: "bottom", showLegend: true },
            tooltip: { mode: "multi", sort: "desc" },
          },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}

/** Rows one below the other, each filled from the left. */
function panelsJson(rows: readonly Row[]): object[] {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    all.push({
      id: all.length + 1,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    let [x, height] = [0, 0];
    for (const panel of panels) {
      const { w, h } = SIZES[panel.look];
      if (x + w > WIDTH || (height > 0 && h !== height)) {
        y += height;
        [x, height] = [0, 0];
      }
      all.push(panelJson(panel, all.length + 1, { x, y, w, h }));
      x += w;
      height = h;
    }
    y += height;
  }
  return all;
}

/** As it stands in the file. */
export function dashboardJson({ uid, title, about, instances, rows }: Dashboard): string {
  const model = {
    uid,
    title,
    description: about,
    tags: ["streamhub"],
    schemaVersion: 38,
    version: 1,
    editable: false,
    graphTooltip: 1,
    timezone: "browser",
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    annotations: {
      list: [
        {
          name: "Alerts",
          datasource: DATASOURCE,
          enable: true,
          iconColor: "red",
          expr: 'ALERTS{alertstate="firing",alertname!="Watchdog"}',
          titleFormat: "{{alertname}}",
          textFormat: "{{instance}}",
        },
      ],
    },
    links: [{ type: "dashboards", title: "StreamHub", tags: ["streamhub"], asDropdown: false, keepTime: true }],
    templating: {
      list: [
        {
          name: "instance",
          label: "Instance",
          type: "query",
          datasource: DATASOURCE,
          query: { query: instances, refId: "instance" },
          definition: instances,
          refresh: 2,
          sort: 1,
          multi: true,
          includeAll: true,
          allValue: ".+",
          current: { text: "All", value: "$__all" },
        },
      ],
    },
    panels: panelsJson(rows),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}
