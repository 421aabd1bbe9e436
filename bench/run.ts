/**
 * `npm run bench`: compares dragoman with nginx, with the smallest gateway on the same libraries and with other gateways, in one
 * run. Ratios count; absolute times depend on the machine. docs/benchmark.md explains what is measured, docs/performance.md what
 * it means.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Options, readOptions } from './options.ts';
import { machineText } from './proc.ts';
import { Processes, type Role, type Started } from './processes.ts';
import { MAX_RATIO_TO_BARE } from './report/budgets.ts';
import type { Curve } from './report/curves.ts';
import { type BenchRecord, drawDocs, readRecord, writeRecord } from './report/record.ts';
import { type Row, tableText } from './report/rows.ts';
import { allocations } from './scenarios/allocations.ts';
import { bursts } from './scenarios/bursts.ts';
import { choosing } from './scenarios/choosing.ts';
import { firstText } from './scenarios/first-text.ts';
import { logCost } from './scenarios/log-cost.ts';
import { memory } from './scenarios/memory.ts';
import { manyStreams, pacedFrames } from './scenarios/paced.ts';
import { recordingCost } from './scenarios/recording-cost.ts';
import type { Bench, Scenario } from './scenarios/scenario.ts';
import { slopes } from './scenarios/slopes.ts';
import { startTime } from './scenarios/start-time.ts';
import { translation } from './scenarios/translation.ts';
import { warmUpCurve } from './scenarios/warm-up.ts';
import { DRAGOMAN } from './subjects/dragoman.ts';
import { hasNginx, NGINX } from './subjects/nginx.ts';
import { BARE, FLOOR } from './subjects/relay.ts';

const SCENARIOS: Readonly<{ [name: string]: Scenario }> = {
  bursts,
  'first text': firstText,
  'paced frames': pacedFrames,
  'many streams': manyStreams,
  memory,
  'log cost': logCost,
  'recording cost': recordingCost,
  'warm-up': warmUpCurve,
  allocations,
  translation,
  choosing,
  'start time': startTime,
  slopes,
};

async function main(): Promise<void> {
  const options = readOptions();
  if (options.draw) {
    drawDocs(readRecord());
    return;
  }
  const names = Object.keys(SCENARIOS).filter((name) => name.includes(options.only));
  if (names.length === 0)
    throw new Error(`No scenario contains "${options.only}": ${Object.keys(SCENARIOS).join(', ')}.`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  await using processes = new Processes();
  const machine = machineText(readCpuInfo(), availableParallelism(), process.version);
  process.stdout.write(`${machine}\n${coresText(processes.cores)}\n${hasNginx() ? '' : NO_NGINX}\n`);
  const bench = await start(processes, options);
  const rows: Row[] = [];
  const curves: Curve[] = [];
  for (const name of names) {
    try {
      const outcome = await SCENARIOS[name]?.(bench);
      rows.push(...(outcome?.rows ?? []));
      curves.push(...(outcome?.curves ?? []));
    } catch (cause) {
      // The other scenarios can still be measured.
      fail(`${name}: ${messageOf(cause)}`);
    }
  }
  process.stdout.write(`\n${tableText(rows)}\n`);
  const record: BenchRecord = {
    machine,
    nginx: hasNginx(),
    cores: processes.cores ?? null,
    scale: options.scale,
    rows,
    curves,
  };
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...record, raw: bench.raw }, undefined, 2)}\n`);
  if (options.record) {
    writeRecord(record);
    drawDocs(record);
  }
  checkGuard(rows);
}

async function start(processes: Processes, options: Options): Promise<Bench> {
  const upstream = startOwn(processes, 'the stand-in upstream', 'upstream', 'upstream/server.ts', [
    String(options.upstreamPort),
  ]);
  const load = startOwn(processes, 'the load generator', 'load', 'load/generator.ts', []);
  const [{ port }] = await Promise.all([firstMessage(upstream), firstMessage(load)]);
  if (port === undefined) throw new Error('the stand-in upstream did not report its port');
  return {
    processes,
    load,
    upstreamPort: port,
    subjects: [
      ...(options.references ? [] : [DRAGOMAN]),
      ...options.against,
      ...(hasNginx() ? [NGINX] : []),
      BARE,
      FLOOR,
    ],
    scale: options.scale,
    raw: [],
    say: (text) => process.stderr.write(`  ${text}\n`),
  };
}

const NO_NGINX =
  'nginx is not installed: ratios are to `bare` (node:http and undici), and budgets relative to nginx stay open.\n';

/** Fails the run if a reply costs far more than the runtime needs for it. The only figure that does. */
function checkGuard(rows: readonly Row[]): void {
  const tooHigh = rows.filter(
    ({ budget, ratio }) =>
      budget?.type === 'ratio' && budget.to === 'bare' && ratio?.to === 'bare' && ratio.median > MAX_RATIO_TO_BARE,
  );
  for (const { name, ratio } of tooHigh) {
    const figure = `${ratio?.median.toFixed(2)} times the cost of bare node:http and undici`;
    fail(`${name}: ${figure}; more than ${MAX_RATIO_TO_BARE.toFixed(1)} fails.`);
  }
}

function fail(message: string): void {
  process.stderr.write(`bench: ${message}\n`);
  process.exitCode = 1;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function startOwn(processes: Processes, name: string, role: Role, file: string, args: readonly string[]): Started {
  return processes.start(name, role, process.execPath, [join(import.meta.dirname, file), ...args], { talks: true });
}

/** Both processes send a message when ready; the upstream's includes its port. */
function firstMessage(started: Started): Promise<{ port?: number }> {
  return new Promise((resolve, reject) => {
    started.process.once('message', (message) => resolve(message as { port?: number })); // From the benchmark's own processes.
    started.process.once('exit', () => reject(new Error(`could not start ${started.name}: ${started.complaints()}`)));
  });
}

function coresText(cores: Processes['cores']): string {
  if (!cores) return 'Processes are not pinned to cores (one core, or no taskset): expect noise.';
  const shared = cores.load === cores.upstream;
  return `The subject has core ${cores.subject} to itself; ${
    shared ? `load generator and stand-in share core ${cores.load}` : `load ${cores.load}, stand-in ${cores.upstream}`
  }.`;
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}

try {
  await main();
} catch (cause) {
  fail(messageOf(cause));
}
