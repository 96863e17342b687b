/** Dashboard and alerts name what a node really tells, in queries that Prometheus takes. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { familiesOf, nodeStates, type Family } from '../../src/cli/telemetry/readings.js';
import { metricsText } from '../../src/cli/telemetry/metrics-text.js';
import type { NodeStatus } from '../../src/api/node-status.js';
import { instrumentsOfNode } from '../support/node-instruments.js';
import { faultsOf } from '../support/prometheus-text.js';
import { filledIn, seriesOf } from '../support/promql.js';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(readFileSync('docker/grafana-dashboard.json', 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { name: string; definition?: string }[] };
};
const rules = (
  parse(readFileSync('docker/alerts.yaml', 'utf8')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);

const dashboardQueries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, filledIn(expr)] as const),
);
const queries = [...dashboardQueries, ...rules.map(({ alert, expr }) => [alert, expr] as const)];

/** Of a node whose every part has told something. */
function allFamilies(): Family[] {
  const instruments = instrumentsOfNode();
  const named = (kinds: readonly string[]): string[] =>
    instruments.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  const reading = { upTo: [1], counts: [0, 0], sum: 0 };
  const status = {
    id: '',
    name: '',
    host: '',
    zone: '',
    startedAs: '',
    status: 'serving',
    pid: 1,
    uptimeMs: 0,
    partitions: 0,
    keys: 0,
    hints: 0,
    hintBytes: 0,
    clockAheadMs: 0,
    clockOffsetsMs: {},
    problems: [],
    counters: Object.fromEntries(named(['counter', 'gauge']).map((name) => [name, 0])),
    histograms: Object.fromEntries(named(['histogram']).map((name) => [name, reading])),
  } satisfies NodeStatus;
  const vitals = { cpuSeconds: 1, residentBytes: 1, startedAtSeconds: 1 };
  return familiesOf({ status, instruments }, true, vitals);
}

interface Known {
  readonly kind: Family['kind'];
  readonly labels: ReadonlySet<string>;
}

const families = allFamilies();
const known = new Map<string, Known>();

beforeAll(() => {
  // Prometheus' own.
  known.set('up', { kind: 'gauge', labels: new Set(ofScrape) });
  for (const family of families) {
    if (family.kind !== 'histogram') {
      const own = Object.keys(family.samples[0]?.labels ?? {});
      known.set(family.name, { kind: family.kind, labels: new Set([...ofScrape, ...own]) });
    } else {
      for (const end of ['_bucket', '_sum', '_count'])
        known.set(family.name + end, { kind: 'histogram', labels: new Set([...ofScrape, 'le']) });
    }
  }
});

/** What Prometheus adds to each. */
const ofScrape = ['job', 'instance'];
const ofCounters = new Set(['rate', 'irate', 'increase']);
const ofGauges = new Set(['deriv', 'delta', 'changes', '']);

test('the names of all instruments of a node are by the rules', async () => {
  expect(faultsOf(await metricsText(families))).toEqual([]);
  expect(families.length).toBeGreaterThan(60);
});

test.each(queries)('%s: %s', (_, query) => {
  for (const { metric, labels, isRange, within } of seriesOf(query)) {
    const { kind, labels: own } = known.get(metric) ?? { kind: 'nothing that is told' };
    expect([metric, kind]).toEqual([
      metric,
      expect.stringMatching(/^(?:counter|gauge|histogram)$/),
    ]);
    expect(Object.keys(labels).filter((label) => !own!.has(label))).toEqual([]);
    if (metric === 'quorate_node_state' && labels['state'] !== undefined)
      expect(nodeStates).toContain(labels['state']);
    // What only rises says something by how fast it does, and a gauge by what it is.
    if (kind === 'gauge') expect([metric, ofGauges.has(within)]).toEqual([metric, true]);
    else if (isRange) expect([metric, ofCounters.has(within)]).toEqual([metric, true]);
    else expect(metric).toBe('quorate_transfer_partitions_total');
  }
});

describe('the dashboard', () => {
  test('draws much, each in its place', () => {
    expect(dashboardQueries.length).toBeGreaterThan(40);
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const overlaps = panels.flatMap((a, index) =>
      panels.slice(index + 1).flatMap((b) => {
        const [p, q] = [a.gridPos, b.gridPos];
        const apart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y;
        return apart ? [] : [`${a.title} and ${b.title}`];
      }),
    );
    expect(overlaps).toEqual([]);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });

  test('asks for labels that there are, where it lets people choose', () => {
    const asked = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    const named = asked.map((text) => /^label_values\((\w+)(?:\{.*\})?, (\w+)\)$/.exec(text)!);
    expect(named).toHaveLength(2);
    for (const [, metric, label] of named) expect(known.get(metric!)?.labels).toContain(label);
  });

  test('names in legends are labels of what is drawn', () => {
    for (const { targets = [] } of dashboard.panels)
      for (const { expr, legendFormat } of targets)
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect(
            seriesOf(filledIn(expr)).some(({ metric }) => known.get(metric)?.labels.has(label!)),
          ).toBe(true);
  });
});

test('alerts: each has a name of its own, how grave it is, and what a person should know', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, labels, annotations, for: lasting = '0m' } of rules) {
    expect(alert).toMatch(/^Quorate(?:[A-Z][a-z]+)+$/);
    expect(labels['severity']).toMatch(/^(?:critical|warning)$/);
    expect(lasting).toMatch(/^\d+[mh]$/);
    expect(annotations['summary']!.length).toBeGreaterThan(10);
    expect(annotations['description']!.length).toBeGreaterThan(20);
  }
});

test('what names a metric that is not there is found, and what is no query', () => {
  const [named] = seriesOf('sum(rate(quorate_nothing_total[5m]))');
  expect(known.has(named!.metric)).toBe(false);
  expect(() => seriesOf('sum(rate(quorate_a_total[5m])')).toThrow('no query');
  expect(() => seriesOf('1 + 1')).toThrow('names no metric');
});
