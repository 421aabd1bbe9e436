/**
 * `npm run bench`: compares dragoman with nginx and with a direct connection in one run. Ratios count; absolute times depend on the machine.
 * docs/benchmark.md explains what is measured and how to read it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { choosing } from './choosing.ts';
import { machineText } from './proc.ts';
import { Processes, type Role, type Started } from './processes.ts';
import { type Row, tableText } from './rows.ts';
import {
  type Bench,
  bursts,
  delayUnderManyStreams,
  firstByteLoaded,
  firstByteUnloaded,
  pacedStreams,
  type Scale,
} from './scenarios.ts';
import { serveReady } from './start-time.ts';
import { hasNginx, type SubjectName } from './subjects.ts';
import { translation } from './translation.ts';

const USAGE = `npm run bench -- [--quick] [--json FILE] [--only TEXT] [--streams N] [--references]

  --quick        one minute instead of ten: checks that scenarios run and replies are correct; times mean little
  --json FILE    write all measurements as JSON
  --only TEXT    run only scenarios whose name contains TEXT
  --streams N    number of paced streams (default: 1000 per core); the scenario with many has 1.8 times as many
  --references   measure only nginx and direct, without dragoman

Example: npm run bench -- --only burst --json /tmp/bench.json`;

const FULL = {
  rounds: 3,
  warmUpMs: 3_000,
  windowMs: 5_000,
  connections: 32,
  singleReplies: 3_000,
  ratePerS: 500,
  pacedWindowMs: 10_000,
};
const QUICK = {
  rounds: 1,
  warmUpMs: 300,
  windowMs: 1_000,
  connections: 8,
  singleReplies: 200,
  ratePerS: 50,
  pacedWindowMs: 1_500,
};

const SCENARIOS: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  'burst 100': (bench) => bursts(bench, 100, 0.6),
  'burst 1000': (bench) => bursts(bench, 1000, 0.5),
  'first byte unloaded': firstByteUnloaded,
  'first byte at a rate': firstByteLoaded,
  'paced streams': pacedStreams,
  'many paced streams': delayUnderManyStreams,
  translation,
  choosing,
  'start of serve': serveReady,
};

async function main(): Promise<void> {
  const options = readOptions();
  const processes = new Processes();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const subjects: SubjectName[] = ['direct', ...(hasNginx() ? (['nginx'] as const) : [])];
  if (!options.references) subjects.push('dragoman');
  const machine = machineText(readCpuInfo(), availableParallelism(), process.version);
  process.stdout.write(`${machine}\n${coresText(processes.cores)}\n${subjects.includes('nginx') ? '' : NO_NGINX}\n`);
  const upstream = startOwn(processes, 'the stand-in upstream', 'upstream', 'upstream.ts');
  const load = startOwn(processes, 'the load generator', 'load', 'load.ts');
  const rows: Row[] = [];
  try {
    const [{ port }] = await Promise.all([firstMessage(upstream), firstMessage(load)]);
    if (port === undefined) throw new Error('the stand-in upstream did not report its port');
    const raw: Bench['raw'] = [];
    const say = (text: string) => process.stderr.write(`  ${text}\n`);
    const bench: Bench = { processes, load, upstreamPort: port, subjects, scale: options.scale, raw, say };
    for (const [name, run] of Object.entries(SCENARIOS)) {
      if (name.includes(options.only)) rows.push(...(await run(bench)));
    }
    process.stdout.write(`\n${tableText(rows)}\n`);
    const record = {
      machine,
      nginx: subjects.includes('nginx'),
      cores: processes.cores ?? null,
      scale: options.scale,
      rows,
      raw,
    };
    if (options.json) writeFileSync(options.json, `${JSON.stringify(record, undefined, 2)}\n`);
  } finally {
    await Promise.all([processes.stop(load), processes.stop(upstream)]);
  }
}

const NO_NGINX = 'nginx is not installed: ratios are against a direct connection, for which there is no budget.\n';

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string', default: '' },
      streams: { type: 'string' },
      references: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  const streams =
    values.streams === undefined ? (values.quick ? 100 : 1000) * availableParallelism() : Number(values.streams);
  if (!Number.isInteger(streams) || streams < 1)
    throw new Error(`--streams must be a positive whole number, not ${values.streams}`);
  const scale: Scale = { ...(values.quick ? QUICK : FULL), streams, manyStreams: Math.round(1.8 * streams) };
  return { scale, only: values.only, json: values.json, references: values.references };
}

function startOwn(processes: Processes, name: string, role: Role, file: string): Started {
  return processes.start(name, role, process.execPath, [join(import.meta.dirname, file)], { talks: true });
}

/** Both helper processes send a message when ready; the upstream's includes its port. */
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
  process.stderr.write(`bench: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = 1;
}
