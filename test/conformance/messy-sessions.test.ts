/**
 * Random conversations, as messy as those of agents, against the strict simulator (15,000 in `npm run test:full`): a
 * third in the dialect of the API they are sent to, the others with every part in any dialect. Each is accepted, or gets
 * a 400 that names the field if an image is invalid. All text and images of a person or a tool reach the service, and
 * the next turn's request begins with this one's bytes.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { scaled } from '../support/scale.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { writeResponses } from './messy-responses.ts';
import {
  type Step,
  sessionArbitrary,
  sessionMarker,
  type WrittenSession,
  writeAnthropic,
  writeOpenAi,
} from './messy-sessions.ts';
import { type MixedSession, writeMixed } from './mixed-sessions.ts';

const SEED = 20_261_121;
const CONCURRENCY = 8;
const CONVERSATIONS = scaled({ usual: 50, full: 1_600 });
const MIXED_CONVERSATIONS = scaled({ usual: 100, full: 3_400 });
const PAIRS = scaled({ usual: 20, full: 300 });
const MIXED_PAIRS = scaled({ usual: 15, full: 200 });

const DIALECTS = [
  { name: 'Anthropic Messages', endpoint: 'messages', path: '/v1/messages', offset: 0, write: writeAnthropic },
  {
    name: 'OpenAI Chat Completions',
    endpoint: 'chat',
    path: '/v1/chat/completions',
    offset: 1_000_000,
    write: writeOpenAi,
  },
  { name: 'OpenAI Responses', endpoint: 'responses', path: '/v1/responses', offset: 2_000_000, write: writeResponses },
] as const;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ script: { replies: [{ steps: ['Ok.'] }] } });
});
afterAll(() => gateway.close());

const mixedArbitrary = fc.record({
  // A conversation with only empty messages is rightly refused.
  session: sessionArbitrary.filter(({ steps }) => steps.some(hasContent)),
  dice: fc.array(fc.nat(), { minLength: 97, maxLength: 97 }),
});

function hasContent(step: Step): boolean {
  switch (step.type) {
    case 'user':
      return step.texts.some((text) => text !== '') || step.image !== undefined || step.document === true;
    case 'assistant':
      return step.text !== '' || step.calls.length > 0;
    case 'results':
      return true;
    case 'system':
      return step.text !== '';
  }
}

describe.each(DIALECTS)('$name', ({ endpoint, path, offset, write }) => {
  it(`${CONVERSATIONS} random conversations are accepted by the strict service or refused by name`, {
    timeout: 300_000,
  }, async () => {
    const sessions = fc.sample(sessionArbitrary, { numRuns: CONVERSATIONS, seed: SEED });
    const tally = { accepted: 0, refused: 0 };
    await inParallel(sessions, async (drawn, index) => {
      const number = offset + index;
      const written = write({ ...drawn, number });
      const { status, body, upstream } = await ask(path, written, number);
      if (status === 200) {
        tally.accepted++;
        expectNothingMissing(written, upstream);
      } else {
        tally.refused++;
        expectNamedField(status, body, written);
      }
    });
    expect(tally.accepted + tally.refused).toBe(CONVERSATIONS);
    // Only invalid images may be refused; about one session in twenty has one.
    expect(tally.accepted).toBeGreaterThan(CONVERSATIONS * 0.8);
  });

  it(`${MIXED_CONVERSATIONS} random conversations in mixed dialects are accepted, with all words and pictures`, {
    timeout: 300_000,
  }, async () => {
    const sessions = fc.sample(mixedArbitrary, { numRuns: MIXED_CONVERSATIONS, seed: SEED + 2 });
    const seen = { accepted: 0, pictures: 0 };
    await inParallel(sessions, async ({ session, dice }, index) => {
      const number = offset + 200_000 + index;
      const written = writeMixed({ ...session, number }, endpoint, dice);
      const { status, body, upstream } = await ask(path, written, number);
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}\n${JSON.stringify(written.body)}`);
      expectNothingMissing(written, upstream);
      expectPictures(written, upstream);
      expectDocuments(written, upstream);
      seen.accepted++;
      seen.pictures += written.pictures.length;
    });
    expect(seen.accepted).toBe(MIXED_CONVERSATIONS);
    expect(seen.pictures).toBeGreaterThan(MIXED_CONVERSATIONS * 0.29);
  });

  it('the next turn in mixed dialects begins with the bytes of this one', { timeout: 300_000 }, async () => {
    const sessions = fc.sample(mixedArbitrary, { numRuns: MIXED_PAIRS, seed: SEED + 3 });
    await inParallel(sessions, async ({ session, dice }, index) => {
      const number = offset + 300_000 + index;
      const steps: Step[] = [...session.steps, { type: 'user', texts: ['and now?'] }];
      const later: Step[] = [
        { type: 'assistant', text: 'Done.', reasoning: false, calls: [] },
        { type: 'user', texts: ['Thanks. What next?'] },
      ];
      const first = await ask(path, writeMixed({ ...session, steps, number }, endpoint, dice), number);
      const longer = writeMixed({ ...session, steps: [...steps, ...later], number }, endpoint, dice);
      const next = await ask(path, longer, number);
      const prefix = first.upstream.slice(0, first.upstream.indexOf('],"currentMessage":'));
      expect(next.upstream.slice(0, prefix.length)).toBe(prefix);
      expect([first.status, next.status]).toEqual([200, 200]);
    });
  });

  it('the next turn begins with the bytes of this one', { timeout: 300_000 }, async () => {
    const sessions = fc.sample(sessionArbitrary, { numRuns: PAIRS, seed: SEED + 1 });
    let compared = 0;
    await inParallel(sessions, async (drawn, index) => {
      const steps: Step[] = [...drawn.steps, { type: 'user', texts: ['and now?'] }];
      const later: Step[] = [
        { type: 'assistant', text: 'Done.', reasoning: false, calls: [] },
        { type: 'user', texts: ['Thanks. What next?'] },
      ];
      const number = offset + 100_000 + index;
      const first = await ask(path, write({ ...drawn, steps, number }), number);
      const next = await ask(path, write({ ...drawn, steps: [...steps, ...later], number }), number);
      if (first.status !== 200 || next.status !== 200) return;
      compared++;
      const prefix = first.upstream.slice(0, first.upstream.indexOf('],"currentMessage":'));
      const after = next.upstream;
      expect(after.slice(0, prefix.length)).toBe(prefix);
    });
    expect(compared).toBeGreaterThan(PAIRS * 0.8);
  });
});

interface Asked {
  readonly status: number;
  readonly body: JsonObject;
  /** Raw body of the request that reached the service; empty if none did. */
  readonly upstream: string;
}

async function ask(path: string, written: WrittenSession, number: number): Promise<Asked> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}` },
    body: JSON.stringify(written.body),
  });
  const body: JsonObject = JSON.parse(await response.text());
  const marker = sessionMarker(number);
  const upstream = gateway.takeChatRequest((raw) => raw.includes(marker)) ?? '';
  return { status: response.status, body, upstream };
}

function expectNothingMissing({ markers, body }: WrittenSession, upstream: string): void {
  const missing = markers.filter((marker) => !upstream.includes(marker));
  if (missing.length > 0) throw new Error(`missing upstream: ${missing.join(', ')}\n${JSON.stringify(body)}`);
}

/** Each picture arrives as an image, and none as text. */
function expectPictures({ pictures, body }: MixedSession, upstream: string): void {
  const asImages = pictures.filter((data) => upstream.includes(`"bytes":"${data}"`));
  const count = upstream.split('iVBORw0').length - 1;
  if (asImages.length !== pictures.length || count !== pictures.length)
    throw new Error(`${asImages.length} and ${count} of ${pictures.length} pictures\n${JSON.stringify(body)}`);
}

function expectDocuments({ documents, body }: MixedSession, upstream: string): void {
  const missing = documents.filter(
    ({ data, text }) => !upstream.includes(`"bytes":"${data}"`) && !upstream.includes(text),
  );
  if (missing.length > 0) throw new Error(`missing upstream: ${missing[0]?.text}\n${JSON.stringify(body)}`);
}

/** OpenAI's dialect has `param`; Anthropic's names the field in the message, like the vendor. */
function expectNamedField(status: number, body: JsonObject, written: WrittenSession): void {
  const error = body.error as { param?: string | null; message: string }; // in both dialects
  const named = error.param ?? /\b(?:messages|tools|system)(?:[.[]\d+|:)/.exec(error.message)?.[0];
  if (status !== 400 || !named) throw new Error(`${status} ${JSON.stringify(body)}\n${JSON.stringify(written.body)}`);
}

async function inParallel<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
