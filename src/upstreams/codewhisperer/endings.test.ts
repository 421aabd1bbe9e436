import { describe, expect, it } from 'vitest';
import {
  callLines,
  completeCall,
  context,
  decode,
  END,
  endOf,
  errorOf,
  exception,
  frame,
  input,
  outline,
  reasoning,
  reasoningLines,
  stopReason,
  TOOL_END,
  text,
  textLines,
} from '../../../test/support/reply-frames.ts';
import type { Adjustment } from '../../core/adjustments.ts';
import type { JsonValue } from '../../core/json.ts';
import { createDecoder } from './decode.ts';
import type { DecodeContext } from './read-event.ts';

const metering = frame('meteringEvent', { usage: 0.1, unit: 'credit' });
const contextUsage = frame('contextUsageEvent', { contextUsagePercentage: 5 });

function noted(frames: readonly Buffer[], more: Partial<DecodeContext> = {}) {
  const notes: Adjustment[] = [];
  const events = decode(frames, { ...more, note: (adjustment) => void notes.push(adjustment) });
  return { events, notes, last: outline(events).at(-1) };
}

describe('a reply without closing events', () => {
  const expecting = { expectsClosingEvents: true };

  it('is complete if the account is not known to send any', () => {
    expect(noted([text('The first step is to open the')])).toMatchObject({ notes: [], last: END });
  });

  it('is cut off if the account has sent them before', () => {
    expect(noted([text('The first step is to open the')], expecting)).toMatchObject({
      notes: [{ rule: 'reply-cut-off', path: '' }],
      last: 'reply-end max-tokens',
    });
  });

  it.each([
    ['metadata', stopReason('END_TURN')],
    ['metadata with an unknown stop reason', stopReason('SOMETHING_NEW')],
    ['metering', metering],
    ['context usage', contextUsage],
  ])('is not one that has %s', (_name, closing) => {
    expect(noted([text('Done.'), closing], expecting)).toMatchObject({ notes: [], last: END });
  });

  it('is complete with a complete tool call', () => {
    expect(noted([text('Reading.'), ...completeCall(input)], expecting)).toMatchObject({ notes: [], last: TOOL_END });
  });

  it('is empty if nothing arrived', () => {
    expect(noted([], expecting)).toMatchObject({ notes: [], last: 'reply-error empty_reply' });
  });

  it('is broken if its connection broke', () => {
    expect(noted([text('Half')], { ...expecting, endsWithConnection: true }).last).toBe('reply-error upstream_broken');
  });

  it('is distinguished from one with them', () => {
    for (const [frames, hasClosingEvents, lacksClosingEvents] of [
      [[text('a')], false, true],
      [[text('a'), exception('ContentLengthExceededException', {})], false, false],
      [[text('a'), metering], true, false],
      [[metering, exception('error', {})], true, false],
    ] as const) {
      const decoder = createDecoder(context());
      for (const bytes of frames) decoder.push(bytes);
      expect(decoder.hasClosingEvents).toBe(hasClosingEvents);
      decoder.end();
      expect(decoder).toMatchObject({ hasClosingEvents, lacksClosingEvents });
    }
  });
});

describe('a refusal', () => {
  const refused = (refusal: JsonValue, reason = 'CONTENT_FILTERED') =>
    frame('metadataEvent', { stopReason: reason, stopDetails: { refusal } });

  it('has its category and explanation', () => {
    const { events, notes } = noted([text('I'), refused({ category: 'REASONING_EXTRACTION', explanation: 'why' })]);
    expect(endOf(events)).toMatchObject({
      stopReason: 'refusal',
      refusal: { category: 'REASONING_EXTRACTION', explanation: 'why' },
    });
    expect(notes).toEqual([{ rule: 'reply-refused', path: '', before: 'REASONING_EXTRACTION', after: 'why' }]);
  });

  it('may have one of them, or nothing readable', () => {
    expect(endOf(decode([refused({ category: 'CYBER' })])).refusal).toEqual({ category: 'CYBER' });
    for (const details of [null, {}, [], 'x', { category: 7, explanation: ' ' }]) {
      expect(endOf(decode([text('I'), refused(details)]))).not.toHaveProperty('refusal');
    }
  });

  it('ignores details with another stop reason', () => {
    const { events, notes } = noted([text('I'), refused({ category: 'CYBER' }, 'END_TURN')]);
    expect(endOf(events)).not.toHaveProperty('refusal');
    expect({ stop: endOf(events).stopReason, notes }).toEqual({ stop: 'end-turn', notes: [] });
  });

  it('has bounded one-line texts', () => {
    const end = endOf(
      decode([refused({ category: 'C'.repeat(5_000), explanation: `a\n\u0000b ${'x'.repeat(9_000)}` })]),
    );
    expect(end.refusal?.category).toHaveLength(100);
    expect(end.refusal?.explanation).toHaveLength(1_000);
    expect(end.refusal?.explanation).toMatch(/^a b x/);
  });
});

describe('late reasoning of GPT models', () => {
  it('keeps its signature and not its placeholder', () => {
    const frames = [...completeCall(input), reasoning({ text: '...', signature: 'sig' }), stopReason('END_TURN')];
    expect(outline(decode(frames))).toEqual([...callLines([input]), ...reasoningLines('sig'), TOOL_END]);
  });

  it('is signed although the reasoning before it was not', () => {
    const frames = [reasoning({ text: 'Hm.' }), ...completeCall(input), reasoning({ text: '...', signature: 'sig' })];
    expect(outline(decode(frames))).toEqual([
      ...reasoningLines('-', 'Hm.'),
      ...callLines([input]),
      ...reasoningLines('sig'),
      TOOL_END,
    ]);
  });

  it('is not mistaken for the end of reasoning with text', () => {
    const frames = [reasoning({ text: 'Well' }), reasoning({ text: '...', signature: 'sig' }), text('Yes.')];
    expect(outline(decode(frames))).toEqual([...reasoningLines('sig', 'Well', '...'), ...textLines('Yes.'), END]);
  });

  it('is text without a signature', () => {
    const frames = [reasoning({ text: '...' }), text('Yes.')];
    expect(outline(decode(frames))).toEqual([...reasoningLines('-', '...'), ...textLines('Yes.'), END]);
  });
});

describe('thinking tags of a model that reasons natively', () => {
  const tagged = (frames: readonly Buffer[]) => outline(decode(frames, { thinkingTags: true }));

  it.each([
    ['reasoning', reasoning({ text: 'Hm.', signature: 'sig' }), reasoningLines('sig', 'Hm.')],
    ['empty reasoning', reasoning({ text: '' }), []],
    ['reasoning without members', reasoning({}), []],
  ])('are text after %s', (_name, native, expected) => {
    const words = '<thinking>x</thinking> done';
    expect(tagged([native, text(words)])).toEqual([...expected, ...textLines(words), END]);
  });

  it('are text from then on', () => {
    expect(tagged([text('<thinking>a</thinking>b <thi'), reasoning({}), text('nking>c')])).toEqual([
      ...reasoningLines('-', 'a'),
      ...textLines('b ', '<thi', 'nking>c'),
      END,
    ]);
  });
});

describe('an exception called error', () => {
  it.each([
    ['its type', { __type: 'com.amazon.kiro.runtimeservice#ThrottlingException', message: 'm' }, 'upstream_throttled'],
    ['its code', { code: 'ValidationException', message: 'Improperly formed request.' }, 'upstream_refused'],
    ['its reason', { message: 'm', reason: 'MONTHLY_REQUEST_COUNT' }, 'quota_exhausted'],
    ['its words', { Message: 'Input is too long.' }, 'context_too_long'],
    ['the envelope within', { error: { code: 'ThrottlingException', message: 'slow' } }, 'upstream_throttled'],
    ['nothing', {}, 'upstream_broken'],
  ])('is explained by %s', (_name, payload, code) => {
    expect(errorOf(decode([text('Half'), exception('error', payload)])).code).toBe(code);
    expect(errorOf(decode([exception('error', payload)])).code).toBe(code);
  });
});

describe('an answer that is not an event stream', () => {
  const explained = (body: string, headers: Readonly<Record<string, string>> = {}) => {
    const bytes = Buffer.from(body);
    const options = { header: (name: string) => headers[name] };
    const atOnce = errorOf(decode([bytes], options));
    const inPieces = errorOf(decode([bytes.subarray(0, 1), bytes.subarray(1)], options));
    expect(inPieces).toMatchObject({ code: atOnce.code, message: atOnce.message });
    return atOnce;
  };

  it('reports the title of a page', () => {
    const page = '<!doctype html><html><head><title>Sign in to the hotel</title></head></html>';
    const error = explained(page, { 'content-type': 'text/html; charset=utf-8' });
    expect(error.code).toBe('upstream_unexpected');
    expect(error.message).toContain('text/html');
    expect(error.message).toContain('“Sign in to the hotel”');
    expect(explained(page).code).toBe('upstream_unexpected');
  });

  it.each([
    ['{"__type":"com.amazon#ThrottlingException","message":"slow"}', 'upstream_throttled'],
    ['{"message":"m","reason":"MONTHLY_REQUEST_COUNT"}', 'quota_exhausted'],
    ['{"message":"Input is too long."}', 'context_too_long'],
    ['{"__type":"InternalServerException","message":"failed"}', 'upstream_broken'],
    ['{"message":"something new"}', 'upstream_unexpected'],
    ['{"ok":true}', 'upstream_unexpected'],
    ['Too many cooks', 'upstream_unexpected'],
  ])('is explained by the failure table: %s', (body, code) => {
    expect(explained(body, { 'content-type': 'application/json' }).code).toBe(code);
  });

  it('is recognised by its first bytes if the content type is wrong', () => {
    const headers = { 'content-type': 'application/vnd.amazon.eventstream' };
    expect(explained('{"message":"Input is too long."}', headers).code).toBe('context_too_long');
    const json = { header: () => 'application/json' };
    expect(outline(decode([text('Hello'), metering], json))).toEqual([...textLines('Hello'), END]);
  });

  it('is a corrupted stream if it is declared as one and is neither a page nor an object', () => {
    const damaged = Buffer.from(text('Hello'));
    damaged[0] = 0x7f;
    const header = () => 'application/vnd.amazon.eventstream';
    expect(errorOf(decode([damaged], { header })).code).toBe('upstream_broken');
  });

  it('is read up to a limit', () => {
    const decoder = createDecoder(context());
    expect(decoder.push(Buffer.from('<html>')).map(({ type }) => type)).toEqual(['reply-start']);
    expect(errorOf(decoder.push(Buffer.alloc(64 * 1024, 'x'))).code).toBe('upstream_unexpected');
    expect(decoder.push(Buffer.from('more'))).toEqual([]);
  });

  it('is explained even if its connection breaks', () => {
    const decoder = createDecoder(context());
    decoder.push(Buffer.from('{"message":"Input is too long."}'));
    expect(errorOf(decoder.end(new Error('reset'))).code).toBe('context_too_long');
  });
});
