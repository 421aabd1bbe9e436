/** Figures that are read when the page is: the state of accounts, and what is open. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { isReady } from '../accounts/health.ts';
import type { Account } from '../accounts/ports.ts';
import { quotaOf } from '../core/usage-limits.ts';
import type { BoundedLabel } from './bounded-label.ts';
import { type CounterDefinition, type GaugeDefinition, METRICS } from './definitions.ts';
import type { MetricSources } from './ports.ts';

/** The states of an account, as the admin API names them. */
const STATES = ['ready', 'cooling', 'exhausted', 'suspended', 'signed-out', 'disabled'] as const;

export function addGauges(registry: Registry, sources: MetricSources, accountLabel: BoundedLabel): void {
  const gauge = <Label extends string>(
    { name, help, labels }: GaugeDefinition<Label>,
    collect: (gauge: Gauge<Label>) => void | Promise<void>,
  ) => {
    new Gauge({
      ...{ name, help, labelNames: labels, registers: [registry] },
      collect() {
        return collect(this);
      },
    });
  };
  gauge(METRICS.info, (it) => it.set({ version: sources.version }, 1));
  gauge(METRICS.openRequests, (it) => it.set(sources.open().requests));
  gauge(METRICS.openStreams, (it) => it.set(sources.open().streams));
  gauge(METRICS.waiting, async (it) => it.set(await sources.waiting()));
  gauge(METRICS.accounts, (it) => {
    for (const state of STATES) it.set({ state }, 0);
    for (const account of sources.accounts()) it.inc({ state: stateOf(account, sources.nowMs()) });
  });
  gauge(METRICS.accountState, (it) => {
    it.reset();
    for (const account of sources.accounts())
      it.set({ account: accountLabel.of(account.id), state: stateOf(account, sources.nowMs()) }, 1);
  });
  const plan = (
    definition: GaugeDefinition<'account'>,
    read: (limits: NonNullable<ReturnType<MetricSources['limits']>>) => number | undefined,
  ) => {
    gauge(definition, (it) => {
      it.reset();
      for (const { id } of sources.accounts()) {
        const limits = sources.limits(id);
        const value = limits && read(limits);
        if (value !== undefined && Number.isFinite(value)) it.set({ account: accountLabel.of(id) }, value);
      }
    });
  };
  plan(METRICS.planUsed, ({ limits, readAtMs }) => quotaOf(limits, readAtMs)?.used);
  plan(METRICS.planLimit, ({ limits, readAtMs }) => quotaOf(limits, readAtMs)?.limit);
  plan(METRICS.planReset, ({ limits: { resetAtMs } }) => resetAtMs && resetAtMs / 1_000);
  gauge(METRICS.ledgerWaiting, (it) => {
    const stats = sources.ledger();
    if (stats) it.set(stats.waiting);
  });
  addCounters(registry, sources);
}

/** Counted elsewhere: set to the count whenever they are read. */
function addCounters(registry: Registry, sources: MetricSources): void {
  const counter = <Label extends string>(
    { name, help, labels }: CounterDefinition<Label>,
    collect: (counter: Counter<Label>) => void,
  ) => {
    new Counter({
      ...{ name, help, labelNames: labels, registers: [registry] },
      collect() {
        this.reset();
        collect(this);
      },
    });
  };
  counter(METRICS.refreshes, (it) => {
    for (const [result, count] of Object.entries(sources.refreshes())) it.inc({ result }, count);
  });
  counter(METRICS.ledgerWritten, (it) => it.inc(sources.ledger()?.written ?? 0));
  counter(METRICS.ledgerLost, (it) => it.inc(sources.ledger()?.lost ?? 0));
}

/** A cooldown whose time is over counts as ready, although the stored state still says otherwise. */
function stateOf({ health }: Pick<Account, 'health'>, nowMs: number): (typeof STATES)[number] {
  return isReady(health, nowMs) ? 'ready' : health.state.status;
}
