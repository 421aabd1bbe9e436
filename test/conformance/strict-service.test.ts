/**
 * Random client requests at every endpoint, in the API's own dialect or with parts of others, for every wire profile
 * under its own and the safest readings: the strict simulator, whose rules are code of their own, refuses none
 * of them. And what differs between the request and what is sent is what the notes say. In process, without sockets:
 * `STRICT_REQUESTS=100000 npx vitest run test/conformance/strict-service.test.ts` takes a few minutes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GatewayError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { RuleReadings } from '../../src/core/learned-facts.ts';
import { DEFAULT_MODELS } from '../../src/simulator/catalogue.ts';
import { SAFEST_READINGS } from '../../src/upstreams/codewhisperer/readings/rules.ts';
import { scaled } from '../support/scale.ts';
import { WIRE_PROFILES } from '../support/wire-profiles.ts';
import { type Checked, check, type Door, type Way } from './direct-requests.ts';
import { writeResponses } from './messy-responses.ts';
import { type Session, sessionArbitrary, writeAnthropic, writeOpenAi } from './messy-sessions.ts';
import { writeMixed } from './mixed-sessions.ts';
import { differences } from './request-differences.ts';

const REQUESTS = Number(process.env.STRICT_REQUESTS ?? scaled({ usual: 600, full: 20_000 }));
const SEED = 20_261_129;
/** Drawn at once: a hundred thousand sessions do not fit into memory. */
const BLOCK = 500;

interface Draw {
  readonly session: Omit<Session, 'number'>;
  readonly dice: readonly number[];
}

const draw: fc.Arbitrary<Draw> = fc.record({
  session: sessionArbitrary,
  dice: fc.array(fc.nat(), { minLength: 97, maxLength: 97 }),
});

const DOORS: readonly Door[] = ['chat', 'responses', 'messages'];

function requestOf({ session, dice }: Draw, number: number): { readonly door: Door; readonly body: JsonObject } {
  const door = DOORS[number % DOORS.length] ?? 'chat';
  const model = DEFAULT_MODELS[(dice[0] ?? 0) % DEFAULT_MODELS.length]?.modelId ?? 'auto';
  const numbered = { ...session, number };
  const isMixed = (dice[1] ?? 0) % 2 === 0;
  if ((dice[2] ?? 0) % 16 === 0) return { door: 'completions', body: completionOf(numbered) };
  const own = { chat: writeOpenAi, responses: writeResponses, messages: writeAnthropic, completions: writeOpenAi };
  const { body } = isMixed && door !== 'completions' ? writeMixed(numbered, door, dice) : own[door](numbered);
  return { door, body: { ...body, model } };
}

/** A prompt, or code around the cursor. */
function completionOf({ steps, number }: Session): JsonObject {
  const texts = steps.flatMap((step) => ('text' in step && step.text ? [step.text] : []));
  const prompt = texts.join('\n') || 'function add(a, b) {';
  return number % 2 === 0 ? { model: 'auto', prompt } : { model: 'auto', prompt, suffix: '\n}\n', max_tokens: 64 };
}

/** Under the profile's own readings, the safest ones, or one of these. The others are what the strict service refuses. */
function wayOf(dice: readonly number[]): Way {
  const [, , , one = 0, two = 0, three = 0] = dice;
  const wireProfile = WIRE_PROFILES[one % WIRE_PROFILES.length]?.id ?? 'q-rest';
  const safest = Object.entries(SAFEST_READINGS);
  const choices: readonly RuleReadings[] = [
    {},
    SAFEST_READINGS,
    Object.fromEntries([safest[three % safest.length] ?? []]),
  ];
  return { wireProfile, readings: choices[two % choices.length] ?? {} };
}

function* requests(): Generator<{ readonly door: Door; readonly body: JsonObject; readonly way: Way }> {
  for (let first = 0; first < REQUESTS; first += BLOCK) {
    const count = Math.min(BLOCK, REQUESTS - first);
    for (const [index, drawn] of fc.sample(draw, { numRuns: count, seed: SEED + first }).entries())
      yield { ...requestOf(drawn, first + index), way: wayOf(drawn.dice) };
  }
}

describe(`${REQUESTS} random requests`, () => {
  it('are accepted by the strict service, with notes that say what differs', { timeout: 3_600_000 }, () => {
    const counts: Record<Checked['type'], number> = { accepted: 0, completion: 0, refused: 0, surprise: 0 };
    for (const { door, body, way } of requests()) {
      const checked = check(door, body, way);
      counts[checked.type]++;
      const about = () => `${door} ${JSON.stringify(way)}\n${JSON.stringify(body)}`;
      if (checked.type === 'surprise') {
        const { rule, detail, refusal } = checked.refusal;
        throw new Error(`${refusal.message} ${rule} ${detail}\n${about()}\n${checked.body}`);
      }
      // Images that are not images, conversations without any content, and a wire profile without inline completion.
      if (checked.type === 'refused' && !isRefusable(checked.error))
        throw new Error(`${checked.error.code} ${checked.error.message}\n${about()}`, { cause: checked.error });
      if (checked.type !== 'accepted') continue;
      const { unnoted, unfounded } = differences(checked.parsed, checked.encoded);
      if (unnoted.length + unfounded.length > 0)
        throw new Error(
          `without a note: ${unnoted}; noted without a difference: ${unfounded}\n${about()}\n${checked.encoded.request.body}\n${JSON.stringify(checked.encoded.adjustments)}`,
        );
    }
    expect(counts.accepted).toBeGreaterThan(REQUESTS * 0.6);
    expect(counts.completion).toBeGreaterThan(REQUESTS * 0.01);
    expect(counts.accepted + counts.completion + counts.refused).toBe(REQUESTS);
  });
});

function isRefusable({ policy, code }: GatewayError): boolean {
  return policy.blame === 'client' || code === 'feature_not_supported';
}
