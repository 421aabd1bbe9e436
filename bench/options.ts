/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import type { Scale } from './scenarios/scenario.ts';
import { parseAgainst } from './subjects/against.ts';
import type { SubjectKind } from './subjects/subject.ts';

const USAGE = `npm run bench -- [options]

  --quick              about a minute: checks that scenarios run and replies are correct; times mean little
  --only TEXT          run only scenarios whose name contains TEXT (for example slopes)
  --json FILE          write all measurements as JSON
  --record             run everything, then write docs/performance.json, the charts and the tables of docs/performance.md
  --draw               draw the charts and tables from docs/performance.json, without measuring
  --against NAME=URL   also measure another gateway, which must call the stand-in upstream; may be repeated.
                       A URL that ends in /messages gets requests in Anthropic's format, others in OpenAI's
  --against-key KEY    the client key for other gateways
  --upstream-port N    the port of the stand-in upstream (default: any free port)
  --streams N          the number of paced streams in the scenario with many (default: 5000)
  --references         measure only the references, without dragoman

Examples:
  npm run bench -- --only bursts --json /tmp/bench.json
  npm run bench -- --upstream-port 9001 --against other=http://127.0.0.1:8990/v1/messages`;

const FULL: Scale = {
  rounds: 3,
  warmUpReplies: 8_000,
  idleMs: 2_500,
  windowMs: 2_000,
  shortWindows: { count: 12, ms: 500 },
  connections: 16,
  singleReplies: 3_000,
  ratePerS: 500,
  pacedStreams: 100,
  manyStreams: 5_000,
  pacedWindowMs: 4_000,
  starts: 5,
  isQuick: false,
};
const QUICK: Scale = {
  rounds: 1,
  warmUpReplies: 2_000,
  idleMs: 1_000,
  windowMs: 600,
  shortWindows: { count: 3, ms: 300 },
  connections: 16,
  singleReplies: 300,
  ratePerS: 100,
  pacedStreams: 100,
  manyStreams: 200,
  pacedWindowMs: 1_000,
  starts: 1,
  isQuick: true,
};

export interface Options {
  readonly scale: Scale;
  readonly only: string;
  readonly json: string | undefined;
  readonly record: boolean;
  readonly draw: boolean;
  readonly references: boolean;
  readonly upstreamPort: number;
  readonly against: readonly SubjectKind[];
}

export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      record: { type: 'boolean', default: false },
      draw: { type: 'boolean', default: false },
      against: { type: 'string', multiple: true, default: [] },
      'against-key': { type: 'string' },
      'upstream-port': { type: 'string', default: '0' },
      streams: { type: 'string' },
      references: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  const scale = values.quick ? QUICK : FULL;
  const manyStreams = values.streams === undefined ? scale.manyStreams : wholeNumber('--streams', values.streams);
  return {
    scale: { ...scale, manyStreams },
    only: values.only,
    json: values.json,
    record: values.record,
    draw: values.draw,
    references: values.references,
    upstreamPort: wholeNumber('--upstream-port', values['upstream-port']),
    against: values.against.map((text) => parseAgainst(text, values['against-key'])),
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} takes a whole number, not "${text}".`);
  return Number(text);
}
