/** The Grafana dashboard and the alert rules: they query metrics that exist, by labels that these have. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRICS, WORKER_LABEL } from '../src/metrics/definitions.ts';

const DEPLOY = join(import.meta.dirname, '../deploy');
const RULES = join(DEPLOY, 'prometheus/dragoman.rules.yml');

const WITHOUT_PROMTOOL = spawnSync('promtool', ['--version']).error !== undefined;

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard: { readonly uid: string; readonly panels: readonly Panel[] } = JSON.parse(
  readFileSync(join(DEPLOY, 'grafana/dragoman.json'), 'utf8'),
);
const rules = readFileSync(RULES, 'utf8');
const panelQueries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
/** The text of the rules has names of metrics in its descriptions too. */
const queries = [...panelQueries, ...rules.split('\n').filter((line) => !/^\s*(?:#|description:|summary:)/.test(line))];

/** Series by name: a histogram has three. */
const SERIES = new Map(
  Object.values(METRICS).flatMap(({ name, type, labels }) => {
    const names = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    return names.map((one) => [one, [...labels, ...(one.endsWith('_bucket') ? ['le'] : []), WORKER_LABEL]] as const);
  }),
);
/** Of prom-client, and by Prometheus itself. */
const PROCESS_METRICS =
  /^(?:nodejs_eventloop_lag_p99_seconds|process_resident_memory_bytes|process_cpu_seconds_total)$/;
const TARGET_LABELS = ['job', 'instance'];

function namesIn(query: string): string[] {
  return [...query.matchAll(/\b(?:dragoman|nodejs|process)_\w+/g)].map(([name]) => name);
}

describe('the dashboard and the alert rules', () => {
  it('query metrics that exist', () => {
    const unknown = queries.flatMap(namesIn).filter((name) => !SERIES.has(name) && !PROCESS_METRICS.test(name));
    expect(unknown).toEqual([]);
    expect(namesIn('rate(dragoman_made_up_total[5m])').filter((name) => !SERIES.has(name))).toHaveLength(1);
  });

  it('select them by labels that they have', () => {
    const selectors = queries.flatMap((query) => [...query.matchAll(/\b(dragoman_\w+)\{([^}]*)\}/g)]);
    expect(selectors.length).toBeGreaterThan(30);
    const wrong = selectors.flatMap(([, name = '', selector = '']) => {
      const labels = [...selector.matchAll(/(\w+)\s*(?:=~|!=|=)/g)].map(([, label = '']) => label);
      const known = [...(SERIES.get(name) ?? []), ...TARGET_LABELS];
      return labels.filter((label) => !known.includes(label)).map((label) => `${name}{${label}}`);
    });
    expect(wrong).toEqual([]);
  });

  it('group by labels that at least one of the metrics in the query has', () => {
    const wrong = panelQueries.flatMap((query) => {
      const known = [...namesIn(query).flatMap((name) => SERIES.get(name) ?? [WORKER_LABEL]), ...TARGET_LABELS];
      const labels = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
      return labels.filter((label) => !known.includes(label)).map((label) => `${label} in ${query}`);
    });
    expect(wrong).toEqual([]);
  });

  it('show every metric of dragoman on the dashboard', () => {
    const shown = new Set(panelQueries.flatMap(namesIn).map((name) => name.replace(/_bucket$/, '')));
    const missing = Object.values(METRICS).filter(({ name }) => !shown.has(name));
    expect(missing.map(({ name }) => name)).toEqual(['dragoman_account_state']);
    // Its states are alerts, and the panel of accounts by state counts them.
    expect(rules).toContain('dragoman_account_state{state="signed-out"}');
  });

  it('has no panel over another, and none without a title', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(panels.filter(({ title }) => title === '')).toEqual([]);
    const overlaps = panels.flatMap((one, index) =>
      panels.slice(index + 1).filter(({ gridPos: other }) => {
        const { x, y, w, h } = one.gridPos;
        return x < other.x + other.w && other.x < x + w && y < other.y + other.h && other.y < y + h;
      }),
    );
    expect(overlaps.map(({ title }) => title)).toEqual([]);
  });

  it.skipIf(WITHOUT_PROMTOOL)('are rules that promtool accepts, if it is installed', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('rules found');
  });

  it.skipIf(WITHOUT_PROMTOOL)('have queries that promtool can parse, if it is installed', () => {
    const recorded = panelQueries.map((query, index) => {
      const expr = query.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*');
      return { record: `query:${index}`, expr };
    });
    // JSON is YAML.
    const file = join(mkdtempSync(join(tmpdir(), 'dragoman-rules-')), 'rules.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }));
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
