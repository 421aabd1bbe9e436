/**
 * Measures what a request costs from its body to the bytes for the service, by its number of turns and of tools. Each request is new:
 * nothing that an earlier one left behind can shorten it. Sends its curves and exits.
 *
 * Usage: node bench/in-process/encode-conversations.ts RUNS
 */

import { KnownBodies } from '../../src/http/known-bodies.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import type { ClientProtocol } from '../../src/protocols/protocol.ts';
import type { Curve, CurvePoint } from '../report/curves.ts';
import { median } from '../statistics.ts';
import { encodeBody } from './encode-request.ts';
import { largeAnthropicBody, largeOpenaiBody, type Size } from './large-conversation.ts';

const RUNS = Number(process.argv[2]);
const TURNS = [10, 50, 200, 500, 1000, 2000];
const TOOLS = [1, 10, 40, 100, 200, 400];
const CHARACTERS_PER_TURN = 1_000;
let variant = 0;

type BodyOf = (size: Partial<Size>) => string;

/** All sizes in turn, so that a slow phase of the machine affects all of them. Medians of CPU time, in milliseconds. */
async function pointsOf(protocol: ClientProtocol, bodyOf: BodyOf, sizes: readonly number[], name: 'turns' | 'tools') {
  const rest = name === 'turns' ? { tools: 10 } : { turns: 10 };
  const times = sizes.map((size) => ({ size, ms: [] as number[] }));
  for (let run = 0; run < RUNS; run++) {
    for (const { size, ms } of times) {
      const body = bodyOf({ ...rest, [name]: size, charactersPerTurn: CHARACTERS_PER_TURN, variant: ++variant });
      ms.push(await cpuMs(protocol, Buffer.from(body)));
    }
  }
  // The engine still compiles during the first runs.
  return times.map(({ size, ms }): CurvePoint => ({ size, cost: median(ms.slice(Math.floor(RUNS / 3))) }));
}

async function cpuMs(protocol: ClientProtocol, body: Buffer): Promise<number> {
  let start = process.cpuUsage();
  const begin = () => {
    start = process.cpuUsage();
  };
  const bytes = await encodeBody(protocol, body, new KnownBodies(), begin);
  if (bytes === 0) throw new Error('the translation produced nothing');
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

async function curvesOf(protocol: ClientProtocol, bodyOf: BodyOf): Promise<Curve[]> {
  // Compiles before the first figure.
  await pointsOf(protocol, bodyOf, [200], 'turns');
  return [
    {
      name: `request, ${protocol.id}`,
      size: 'turns',
      unit: 'ms',
      points: await pointsOf(protocol, bodyOf, TURNS, 'turns'),
    },
    {
      name: `request, ${protocol.id}`,
      size: 'tools',
      unit: 'ms',
      points: await pointsOf(protocol, bodyOf, TOOLS, 'tools'),
    },
  ];
}

const BODIES: Readonly<Record<string, BodyOf>> = {
  'openai-chat': largeOpenaiBody,
  'anthropic-messages': largeAnthropicBody,
};

const curves: Curve[] = [];
for (const protocol of PROTOCOLS) {
  const bodyOf = BODIES[protocol.id];
  if (bodyOf) curves.push(...(await curvesOf(protocol, bodyOf)));
}
process.send?.(curves);
process.disconnect?.();
