import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCodePoint } from '../../../test/support/code-points.ts';
import {
  callLines,
  completeCall,
  context,
  decode,
  END,
  endOf,
  errorFrame,
  errorOf,
  exception,
  frame,
  id,
  input,
  outline,
  reasoning,
  reasoningLines,
  stopReason,
  TOOL_END,
  text,
  textLines,
  tool,
} from '../../../test/support/reply-frames.ts';
import { GatewayError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { estimateTokens } from '../../core/tokens.ts';
import { estimated } from '../../core/usage.ts';
import { encodeFrame } from '../../simulator/encode-frame.ts';
import { createDecoder } from './decode.ts';

type Row = readonly [name: string, frames: readonly Buffer[], expected: readonly string[]];

describe('text', () => {
  it.each<Row>([
    ['keeps its fragments', [text('Hel'), text('lo')], [...textLines('Hel', 'lo'), END]],
    [
      'may repeat itself',
      [text('ha'), text('ha'), text('\n'), text('\n')],
      [...textLines('ha', 'ha', '\n', '\n'), END],
    ],
    ['drops empty fragments', [text(''), text('a'), text(''), text('b')], [...textLines('a', 'b'), END]],
    ['may be only white space', [text(' ')], [...textLines(' '), END]],
    [
      'may be code of the older chat',
      [text('x '), frame('codeEvent', { content: '= 1' })],
      [...textLines('x ', '= 1'), END],
    ],
    [
      'may be wrapped in its event’s name',
      [frame('assistantResponseEvent', { assistantResponseEvent: { content: 'Hi' } }), text('!')],
      [...textLines('Hi', '!'), END],
    ],
    [
      'may have unknown members beside it',
      [frame('assistantResponseEvent', { messageStatus: 'X', content: 'Hi', followupPrompt: { content: 'no' } })],
      [...textLines('Hi'), END],
    ],
    [
      'is left out if missing',
      [text('Hi'), frame('assistantResponseEvent', { modelId: 'm' }), frame('assistantResponseEvent', { content: 7 })],
      [...textLines('Hi'), END],
    ],
    [
      'continues in a new block after a tool call',
      [text('First.'), ...completeCall(input), text('Then.')],
      [...textLines('First.'), ...callLines([input]), ...textLines('Then.'), TOOL_END],
    ],
  ])('%s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
  });

  it.each([
    ['"quoted" \\ back\\\\slash'],
    ['\n\r\t\b\f\u0000\u001f'],
    ['\u2028\u2029 你好 🌍 e\u0301'],
    ['\\u0041 ends in a backslash \\'],
    ['","modelId":"x"}'],
    ['"}'],
  ])('keeps %j, however often it comes', (content) => {
    const frames = [1, 2, 3].map(() => frame('assistantResponseEvent', { content, modelId: 'm' }));
    const events = decode([...frames, text(content)]);
    const deltas = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []));
    expect(deltas.map((piece) => piece.plain)).toEqual([content, content, content, content]);
    for (const piece of deltas) expect(JSON.parse(`"${piece.escaped}"`)).toBe(content);
  });

  it('keeps the surrogates of a character split across two events', () => {
    const events = decode([
      frame('assistantResponseEvent', '{"content":"\\ud83c"}'),
      frame('assistantResponseEvent', '{"content":"\\udf0d"}'),
    ]);
    expect(events.flatMap((event) => (event.type === 'text-delta' ? [event.text.plain] : [])).join('')).toBe('🌍');
  });
});

describe('reasoning', () => {
  it.each<Row>([
    [
      'is signed by a separate event',
      [reasoning({ text: 'Let me ' }), reasoning({ text: 'think.' }), reasoning({ signature: 'sig' }), text('Done.')],
      [...reasoningLines('sig', 'Let me ', 'think.'), ...textLines('Done.'), END],
    ],
    [
      'is signed by its last fragment',
      [reasoning({ text: 'Hm.', signature: 'sig' }), text('Done.')],
      [...reasoningLines('sig', 'Hm.'), ...textLines('Done.'), END],
    ],
    [
      'is signed before its text',
      [reasoning({ signature: 'sig' }), reasoning({ text: 'Hm.' }), text('Done.')],
      [...reasoningLines('sig', 'Hm.'), ...textLines('Done.'), END],
    ],
    [
      'may be signed and empty',
      [reasoning({ signature: 'sig' }), text('Done.')],
      [...reasoningLines('sig'), ...textLines('Done.'), END],
    ],
    [
      'may be unsigned',
      [reasoning({ text: 'Hm.' }), text('Done.')],
      [...reasoningLines('-', 'Hm.'), ...textLines('Done.'), END],
    ],
    [
      'begins a new block after a signature',
      [
        reasoning({ text: 'One.', signature: 's1' }),
        reasoning({ text: 'Two.' }),
        reasoning({ signature: 's2' }),
        text('.'),
      ],
      [...reasoningLines('s1', 'One.'), ...reasoningLines('s2', 'Two.'), ...textLines('.'), END],
    ],
    [
      'may repeat a signature',
      [reasoning({ text: 'a', signature: 's' }), reasoning({ text: 'b', signature: 's' }), text('.')],
      [...reasoningLines('s', 'a'), ...reasoningLines('s', 'b'), ...textLines('.'), END],
    ],
    [
      'may be redacted',
      [reasoning({ redactedContent: 'b3BhcXVl' }), text('Done.')],
      ['redacted-reasoning b3BhcXVl', ...textLines('Done.'), END],
    ],
    [
      'may be partly redacted',
      [reasoning({ text: 'a' }), reasoning({ redactedContent: 'eA==' }), reasoning({ text: 'b' }), text('.')],
      [...reasoningLines('-', 'a'), 'redacted-reasoning eA==', ...reasoningLines('-', 'b'), ...textLines('.'), END],
    ],
    [
      'may precede a tool call',
      [reasoning({ text: 'Hm.', signature: 'sig' }), ...completeCall(input)],
      [...reasoningLines('sig', 'Hm.'), ...callLines([input]), TOOL_END],
    ],
    [
      'may come between two texts',
      [text('a'), reasoning({ text: 'Hm.' }), text('b')],
      [...textLines('a'), ...reasoningLines('-', 'Hm.'), ...textLines('b'), END],
    ],
    ['gets no block if it is empty', [reasoning({ text: '' }), reasoning({}), text('a')], [...textLines('a'), END]],
  ])('%s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
  });

  it('counts a signature that arrives after its block as skipped', () => {
    const decoder = createDecoder(context());
    decoder.push(
      Buffer.concat([reasoning({ text: 'Hm.' }), text('Done.'), reasoning({ signature: 'late' }), text('!')]),
    );
    expect(decoder.end().at(-1)?.type).toBe('reply-end');
    expect([...decoder.skipped]).toEqual([['reasoningContentEvent: late signature', 1]]);
  });
});

describe('a tool call', () => {
  const start = { name: 'read_file', toolUseId: id };
  it.each<Row>([
    [
      'arrives in fragments, which may be empty',
      [
        tool(start),
        ...['{"pa', '', 'th":"a', '"}'].map((part) => tool({ ...start, input: part })),
        tool({ ...start, stop: true }),
      ],
      [...callLines(['{"pa', 'th":"a', '"}']), TOOL_END],
    ],
    [
      'may be cut inside an escape and a character',
      [
        tool(start),
        ...['{"path":"a\\', 'n\\u00', 'e9\\ud83c', '\\udf0d"}'].map((part) => tool({ ...start, input: part })),
        tool({ ...start, stop: true }),
      ],
      [...callLines(['{"path":"a\\', 'n\\', 'u00e9\\ud83c', '\\udf0d"}']), TOOL_END],
    ],
    ['may arrive in one event', [tool({ ...start, input, stop: true })], [...callLines([input]), TOOL_END]],
    [
      'may have input on its first event',
      [tool({ ...start, input: '{"path":' }), tool({ ...start, input: '"a"}', stop: true })],
      [...callLines(['{"path":', '"a"}']), TOOL_END],
    ],
    [
      'may have an object as input',
      [tool(start), tool({ ...start, input: { path: 'a' } }), tool({ ...start, stop: true })],
      [...callLines([input]), TOOL_END],
    ],
    [
      'ignores an empty object before its fragments',
      [tool({ ...start, input: {} }), tool({ ...start, input }), tool({ ...start, stop: true })],
      [...callLines([input]), TOOL_END],
    ],
    [
      'need not repeat its id and name',
      [tool(start), tool({ input: '{"path":' }), tool({ input: '"a"}' }), tool({ stop: true })],
      [...callLines(['{"path":', '"a"}']), TOOL_END],
    ],
    [
      'may get its id late',
      [
        tool({ name: 'read_file', input: '{"path":' }),
        tool({ ...start, input: '"a"}' }),
        tool({ ...start, stop: true }),
      ],
      [...callLines(['{"path":', '"a"}']), TOOL_END],
    ],
    [
      'may get its name late',
      [tool({ toolUseId: id, input: '{"path":' }), tool({ ...start, input: '"a"}' }), tool({ ...start, stop: true })],
      [...callLines(['{"path":', '"a"}']), TOOL_END],
    ],
    [
      'may follow another',
      [...completeCall(input), ...completeCall('{}', 'tooluse_b', 'list_files')],
      [...callLines([input]), ...callLines(['{}'], 'tooluse_b', 'list_files'), TOOL_END],
    ],
    [
      'may equal the previous one',
      [...completeCall(input), ...completeCall(input, 'tooluse_b')],
      [...callLines([input]), ...callLines([input], 'tooluse_b'), TOOL_END],
    ],
    [
      'needs no stop before another call if it is complete',
      [...completeCall(input).slice(0, 2), ...completeCall(input, 'tooluse_b')],
      [...callLines([input]), ...callLines([input], 'tooluse_b'), TOOL_END],
    ],
    [
      'needs no stop before text if it is complete',
      [...completeCall(input).slice(0, 2), text('Now.')],
      [...callLines([input]), ...textLines('Now.'), TOOL_END],
    ],
    [
      'may be stopped twice',
      [...completeCall(input), tool({ ...start, stop: true }), text('.')],
      [...callLines([input]), ...textLines('.'), TOOL_END],
    ],
    [
      'is rejected if it is cut off',
      [text('Writing.'), ...completeCall('{"path":"no').slice(0, 2)],
      [
        ...textLines('Writing.'),
        `tool-use-start ${id} read_file`,
        'tool-use-delta {"path":"no',
        'reply-error tool_use_truncated',
      ],
    ],
    [
      'is rejected if it is cut off before its input',
      [tool(start)],
      [`tool-use-start ${id} read_file`, 'reply-error tool_use_truncated'],
    ],
    [
      'is rejected if it stops on broken JSON',
      completeCall('{"path":'),
      [`tool-use-start ${id} read_file`, 'tool-use-delta {"path":', 'reply-error tool_use_truncated'],
    ],
    [
      'is rejected if its input is not an object',
      completeCall('"text"'),
      [`tool-use-start ${id} read_file`, 'tool-use-delta "text"', 'reply-error tool_use_truncated'],
    ],
    [
      'is rejected if another call interrupts it before its input',
      [tool({ ...start, input: {} }), ...completeCall(input, 'tooluse_b')],
      [`tool-use-start ${id} read_file`, 'reply-error tool_use_truncated'],
    ],
    [
      'is rejected if text interrupts it',
      [...completeCall('{"path":').slice(0, 2), text('Now.')],
      [`tool-use-start ${id} read_file`, 'tool-use-delta {"path":', 'reply-error tool_use_truncated'],
    ],
    ['is an error without a name', [tool({ toolUseId: id, stop: true })], ['reply-error upstream_broken']],
  ])('%s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
  });

  it('gets an id if the service sends none', () => {
    const events = decode([tool({ name: 'read_file', input }), tool({ stop: true })]);
    const ids = events.flatMap((event) => (event.type === 'tool-use-start' ? [event.toolUseId] : []));
    expect(ids).toEqual([expect.stringMatching(/^tooluse_[\da-f]{32}$/)]);
  });

  it('is bounded in size', () => {
    const decoder = createDecoder(context());
    decoder.push(tool(start));
    const fragment = tool({ ...start, input: 'x'.repeat(1024 * 1024) });
    const events = Array.from({ length: 17 }, () => decoder.push(fragment)).flat();
    expect(errorOf(events).code).toBe('upstream_broken');
  });

  it('has the client’s name for the tool', () => {
    const toolNames = new Map([['read_file_1a2b', 'mcp.files/read']]);
    const events = decode(completeCall(input, id, 'read_file_1a2b'), { toolNames });
    expect(outline(events)[0]).toBe(`tool-use-start ${id} mcp.files/read`);
  });

  it('keeps its fragments, however the events are formatted', () => {
    const orders = [
      (part: string) => `{"name":"t","toolUseId":"i","input":${part}}`,
      (part: string) => `{"input":${part},"name":"t","toolUseId":"i"}`,
      (part: string) => `{"name":"t","input":${part},"stop":false,"toolUseId":"i"}`,
      (part: string) => `{ "name": "t", "toolUseId": "i", "input": ${part} }`,
    ];
    const parts = ['{"a":"', '\\"input\\":\\"x\\"', '"', ',"b":"\\\\', '"}'];
    for (const order of orders) {
      const events = decode([
        ...parts.map((part) => frame('toolUseEvent', order(JSON.stringify(part)))),
        tool({ name: 't', toolUseId: 'i', stop: true }),
      ]);
      expect(outline(events)).toEqual([...callLines(parts, 'i', 't'), TOOL_END]);
    }
  });
});

describe('besides the answer', () => {
  it.each<Row>([
    [
      'a licence is a source',
      [
        text('One '),
        frame('codeReferenceEvent', { references: [{ licenseName: 'MIT', repository: 'r', url: 'u' }] }),
        text('two.'),
      ],
      [...textLines('One ', 'two.'), 'source code', END],
    ],
    [
      'web links are sources',
      [
        text('a'),
        frame('supplementaryWebLinksEvent', {
          supplementaryWebLinks: [
            { url: 'u', title: 't' },
            { url: 'v', title: 'w' },
          ],
        }),
      ],
      [...textLines('a'), 'source web', 'source web', END],
    ],
    [
      'sources are between blocks',
      [...completeCall(input), frame('citationEvent', { target: { location: 1 }, citationLink: 'u' }), text('a')],
      [...callLines([input]), 'source web', ...textLines('a'), TOOL_END],
    ],
    [
      'a cited document is a source',
      [frame('documentCitationEvent', { title: 'T', sourceContent: [{ text: 'x' }] }), text('a')],
      ['source document', ...textLines('a'), END],
    ],
  ])('%s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
  });

  it('a source is reported once', () => {
    const frames = [text('a'), frame('citationEvent', { citationLink: 'u' }), ...completeCall(input), text('b')];
    expect(outline(decode(frames))).toEqual([
      ...textLines('a'),
      'source web',
      ...callLines([input]),
      ...textLines('b'),
      TOOL_END,
    ]);
  });

  it('sources keep the details that the service sends', () => {
    const events = decode([
      frame('codeReferenceEvent', { references: [{ licenseName: 'MIT', repository: 'r', url: 'u' }, {}, 7] }),
      frame('supplementaryWebLinksEvent', {
        supplementaryWebLinks: [{ url: 'u', title: 't', snippet: 's' }, { title: 'no' }],
      }),
      frame('citationEvent', { target: { location: 1 }, citationText: 'c', citationLink: 'l' }),
      frame('citationEvent', { target: { location: 1 } }),
      frame('documentCitationEvent', { source: 's', title: 'T', location: { web: { url: 'w', domain: 'd' } } }),
      frame('documentCitationEvent', {
        source: 's',
        location: { documentPage: {} },
        sourceContent: [{ text: 'x' }, { text: 'y' }],
      }),
      text('a'),
    ]);
    expect(events.flatMap((event) => (event.type === 'source' ? [event.source] : []))).toEqual([
      { type: 'code', licenseName: 'MIT', repository: 'r', url: 'u' },
      { type: 'code', licenseName: undefined, repository: undefined, url: undefined },
      { type: 'web', url: 'u', title: 't', snippet: 's' },
      { type: 'web', url: 'l', title: 'l', snippet: 'c' },
      { type: 'web', url: 'w', title: 'T', snippet: undefined },
      { type: 'document', title: 's', text: 'x\ny' },
    ]);
  });

  it.each([
    ['initial-response', { conversationId: 'c' }],
    ['messageMetadataEvent', { conversationId: 'c', utteranceId: 'u' }],
    ['toolResultEvent', { toolResult: { toolUseId: 't', content: [{ text: 'x' }] } }],
    ['followupPromptEvent', { followupPrompt: { content: 'And now?' } }],
    ['intentsEvent', { intents: {} }],
    ['interactionComponentsEvent', { interactionComponentEntries: [] }],
    ['dryRunSucceedEvent', {}],
  ])('%s is known and says nothing', (kind, payload) => {
    const decoder = createDecoder(context());
    const events = [...decoder.push(Buffer.concat([frame(kind, payload), text('a')])), ...decoder.end()];
    expect(outline(events)).toEqual([...textLines('a'), END]);
    expect(decoder.skipped.size).toBe(0);
  });

  it('unknown kinds are skipped and counted', () => {
    const decoder = createDecoder(context());
    const strange = encodeFrame({ ':message-type': 'riddle' }, Buffer.of(1));
    const events = [
      ...decoder.push(Buffer.concat([frame('newEvent', { a: 1 }), text('a'), frame('newEvent', 'no JSON'), strange])),
      ...decoder.end(),
    ];
    expect(outline(events)).toEqual([...textLines('a'), END]);
    expect([...decoder.skipped]).toEqual([
      ['newEvent', 2],
      ['message type riddle', 1],
    ]);
  });

  it('the list of unknown kinds is bounded', () => {
    const decoder = createDecoder(context());
    for (let n = 0; n < 500; n++) decoder.push(frame(`${n}${'x'.repeat(300)}`, {}));
    expect(decoder.skipped.size).toBeLessThanOrEqual(64);
    for (const kind of decoder.skipped.keys()) expect(kind.length).toBeLessThanOrEqual(100);
  });

  it('a frame without a message type is an event', () => {
    const bare = encodeFrame({ ':event-type': 'assistantResponseEvent' }, Buffer.from('{"content":"a"}'));
    expect(outline(decode([bare]))).toEqual([...textLines('a'), END]);
  });
});

describe('the end', () => {
  it.each([
    ['END_TURN', 'end-turn', 'tool-use'],
    ['end_turn', 'end-turn', 'tool-use'],
    ['STOP_SEQUENCE', 'end-turn', 'tool-use'],
    ['TOOL_USE', 'end-turn', 'tool-use'],
    ['MAX_TOKENS', 'max-tokens', 'tool-use'],
    ['max_tokens', 'max-tokens', 'tool-use'],
    ['MODEL_CONTEXT_WINDOW_EXCEEDED', 'context-window', 'tool-use'],
    ['CONTENT_FILTERED', 'refusal', 'refusal'],
    ['GUARDRAIL_INTERVENED', 'refusal', 'refusal'],
    ['SOMETHING_NEW', 'end-turn', 'tool-use'],
  ])('%s is %s after text and %s after a tool call', (reason, afterText, afterTool) => {
    expect(endOf(decode([text('a'), stopReason(reason)])).stopReason).toBe(afterText);
    expect(endOf(decode([text('a'), ...completeCall(input), stopReason(reason)])).stopReason).toBe(afterTool);
  });

  it('counts an unknown stop reason', () => {
    const decoder = createDecoder(context());
    decoder.push(stopReason('SOMETHING_NEW'));
    expect([...decoder.skipped]).toEqual([['stop reason SOMETHING_NEW', 1]]);
  });

  it.each([
    ['text', [text('a')], 'reply-end context-window'],
    ['text and END_TURN', [text('a'), stopReason('END_TURN')], 'reply-end end-turn'],
    ['a tool call', completeCall(input), 'reply-end tool-use'],
    ['nothing', [], 'reply-end context-window'],
  ])('with the window full after %s', (_name, frames, expected) => {
    const events = decode([...frames, frame('contextUsageEvent', { contextUsagePercentage: 100.2 })]);
    expect(outline(events).at(-1)).toBe(expected);
  });

  it.each<Row>([
    ['nothing at all', [], ['reply-error empty_reply']],
    ['an empty fragment', [text('')], ['reply-error empty_reply']],
    ['only usage', [frame('contextUsageEvent', { contextUsagePercentage: 3 })], ['reply-error empty_reply']],
    ['only END_TURN', [stopReason('END_TURN')], ['reply-error empty_reply']],
    ['a refusal', [stopReason('CONTENT_FILTERED')], ['reply-end refusal']],
    ['the output limit', [stopReason('MAX_TOKENS')], ['reply-end max-tokens']],
    [
      'reasoning and its end',
      [reasoning({ text: 'Hm.' }), stopReason('END_TURN')],
      [...reasoningLines('-', 'Hm.'), END],
    ],
    ['reasoning alone', [reasoning({ text: 'Hm.' })], [...reasoningLines('-', 'Hm.'), 'reply-error empty_reply']],
  ])('after %s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
  });
});

describe('usage figures', () => {
  const usage = (...frames: Buffer[]) => endOf(decode([text('Hello there.'), ...frames])).usage;
  const tokens = (tokenUsage: JsonValue) => frame('metadataEvent', { tokenUsage });

  it('are estimates if the service reports none', () => {
    expect(usage()).toEqual({ inputTokens: estimated(42), outputTokens: estimated(3) });
  });

  it('are the service’s own if it reports them', () => {
    expect(
      usage(
        tokens({
          uncachedInputTokens: 10,
          cacheReadInputTokens: 70,
          cacheWriteInputTokens: 20,
          outputTokens: 7,
          totalTokens: 107,
          contextUsagePercentage: 5,
        }),
      ),
    ).toEqual({
      inputTokens: { value: 100, provenance: 'measured' },
      outputTokens: { value: 7, provenance: 'measured' },
      cacheReadTokens: { value: 70, provenance: 'measured' },
      cacheWriteTokens: { value: 20, provenance: 'measured' },
      contextPercentage: { value: 5, provenance: 'measured' },
    });
  });

  it('are the last ones that the service reported', () => {
    const reported = usage(
      tokens({ uncachedInputTokens: 10, outputTokens: 1, totalTokens: 11 }),
      tokens({ uncachedInputTokens: 90, outputTokens: 7, totalTokens: 97 }),
      stopReason('END_TURN'),
    );
    expect([reported.inputTokens.value, reported.outputTokens.value]).toEqual([90, 7]);
  });

  it.each([
    [null],
    [{}],
    [{ uncachedInputTokens: 0, outputTokens: 0, totalTokens: 0 }],
    [{ uncachedInputTokens: '90', outputTokens: -1 }],
  ])('are estimates if the service reports %j', (reported) => {
    expect(usage(tokens(reported))).toEqual({ inputTokens: estimated(42), outputTokens: estimated(3) });
  });

  it('are completed from the total', () => {
    expect(usage(tokens({ outputTokens: 7, totalTokens: 97 })).inputTokens).toEqual({
      value: 90,
      provenance: 'measured',
    });
  });

  it('are derived from the context window percentage', () => {
    const reported = usage(frame('contextUsageEvent', { contextUsagePercentage: 12.5, breakdown: {} }));
    expect(reported.inputTokens).toEqual({ value: 25_000 - reported.outputTokens.value, provenance: 'derived' });
    expect(reported.contextPercentage).toEqual({ value: 12.5, provenance: 'measured' });
  });

  it('are estimates if the percentage covers less than the reply', () => {
    expect(usage(frame('contextUsageEvent', { contextUsagePercentage: 0.0001 })).inputTokens).toEqual(estimated(42));
  });

  it('are counted by the same estimator as requests', () => {
    const prose = 'Tokenizers cut a text into words, digits and runs of punctuation; "that" is all. '.repeat(40);
    const code = 'const total = items.reduce((sum, { price }) => sum + price, 0);\n'.repeat(30);
    for (const words of [prose, code]) {
      const pieces = words.match(/.{1,7}/gs) ?? [];
      const { outputTokens } = endOf(decode(pieces.map(text))).usage;
      expect(Math.abs(outputTokens.value / estimateTokens(words) - 1)).toBeLessThan(0.01);
    }
  });

  it('are not derived without a window', () => {
    const frames = [text('a'), frame('contextUsageEvent', { contextUsagePercentage: 12.5 })];
    expect(endOf(decode(frames, { model: undefined })).usage.inputTokens).toEqual(estimated(42));
  });

  it('add up credits', () => {
    const reported = usage(
      frame('meteringEvent', { unit: 'credit', unitPlural: 'credits', usage: 0.25 }),
      frame('meteringEvent', { unit: 'credit', unitPlural: 'credits', usage: 0.5 }),
      frame('meteringEvent', { usage: 'much' }),
    );
    expect(reported.credits).toEqual({ value: 0.75, provenance: 'measured' });
    expect(reported.creditUnit).toBe('credit');
  });

  it('separate reasoning from text', () => {
    const events = decode([reasoning({ text: 'x'.repeat(40) }), text('y'.repeat(20)), ...completeCall(input)]);
    const { outputTokens, reasoningTokens } = endOf(events).usage;
    expect(reasoningTokens).toEqual(estimated(estimateTokens('x'.repeat(40))));
    expect(outputTokens.value).toBeGreaterThan(estimateTokens('x'.repeat(40)) + estimateTokens('y'.repeat(20)));
  });

  it('start with the estimate', () => {
    expect(decode([text('a')])[0]).toEqual({ type: 'reply-start', inputTokens: estimated(42) });
  });
});

describe('a failure', () => {
  it.each<readonly [string, Buffer, string]>([
    ['throttling', exception('ThrottlingException', { message: 'slow' }), 'upstream_throttled'],
    ['overload', exception('error', { message: 'x', reason: 'MODEL_TEMPORARILY_UNAVAILABLE' }), 'upstream_overloaded'],
    [
      'late validation',
      exception('ValidationException', { message: 'Improperly formed request.' }),
      'upstream_refused',
    ],
    ['a full context window', exception('ValidationException', { message: 'Input is too long.' }), 'context_too_long'],
    ['text instead of JSON', exception('InternalServerException', 'broken'), 'upstream_broken'],
    ['an unknown exception', exception('NewException', {}), 'upstream_broken'],
    ['an error frame', errorFrame('InternalError', 'broken'), 'upstream_broken'],
    ['a throttling error frame', errorFrame('ThrottlingException', 'slow'), 'upstream_throttled'],
    [
      'an invalid state',
      frame('invalidStateEvent', { reason: 'INVALID_TASK_ASSIST_PLAN', message: 'm' }),
      'upstream_broken',
    ],
    ['a malformed tool use', stopReason('MALFORMED_TOOL_USE'), 'upstream_broken'],
    ['malformed output', stopReason('malformed_model_output'), 'upstream_broken'],
    ['an event that is not JSON', frame('assistantResponseEvent', '{"content":"a'), 'upstream_broken'],
    ['an event that is not an object', frame('toolUseEvent', '[]'), 'upstream_broken'],
    ['an invalid string', frame('assistantResponseEvent', '{"content":"a\\x"}'), 'upstream_broken'],
    ['a raw line break in a string', frame('assistantResponseEvent', '{"content":"a\nb"}'), 'upstream_broken'],
  ])('%s ends the reply, first or in the middle', (_name, bad, code) => {
    expect(outline(decode([bad, text('no')]))).toEqual([`reply-error ${code}`]);
    expect(outline(decode([Buffer.concat([text('Half'), bad, text('no')])]))).toEqual([
      'text-start',
      'text-delta Half',
      `reply-error ${code}`,
    ]);
  });

  it("passes on the service's message", () => {
    const error = errorOf(decode([exception('ThrottlingException', { message: 'Slow down.', reason: null })]));
    expect(error.message).toContain('Slow down.');
    expect(error.upstream).toMatchObject({ name: 'ThrottlingException', message: 'Slow down.', status: 200 });
    expect(errorOf(decode([errorFrame('InternalError', 'Broken.')])).message).toContain('Broken.');
  });

  it('is not a failure if it reports the output limit', () => {
    const limit = exception('ContentLengthExceededException', { message: 'limit' });
    const expected = [...textLines('Half'), 'reply-end max-tokens'];
    expect(outline(decode([text('Half'), limit, text('no')]))).toEqual(expected);
    expect(outline(decode([Buffer.concat([text('Half'), limit, text('no')])]))).toEqual(expected);
    expect(outline(decode([...completeCall('{"a').slice(0, 2), limit])).at(-1)).toBe('reply-error tool_use_truncated');
  });

  it('of a checksum stops the decoder', () => {
    const corrupt = Buffer.from(text('never'));
    corrupt[corrupt.length - 1] = (corrupt[corrupt.length - 1] ?? 0) ^ 1;
    const events = decode([Buffer.concat([text('Half'), corrupt, text('never')]), text('never')]);
    expect(outline(events)).toEqual(['text-start', 'text-delta Half', 'reply-error upstream_broken']);
  });

  it('of a partial frame is not a normal end', () => {
    const events = decode([Buffer.concat([text('Half'), text('more').subarray(0, 60)])]);
    expect(outline(events)).toEqual(['text-start', 'text-delta Half', 'reply-error upstream_broken']);
  });

  it('of the connection is not a normal end', () => {
    const cause = new Error('socket hang up');
    const events = decode([text('Half')], { cause });
    expect(outline(events)).toEqual(['text-start', 'text-delta Half', 'reply-error upstream_broken']);
    expect(errorOf(events).cause).toBe(cause);
    expect(errorOf(events).message).not.toContain('socket');
  });

  it('with an explanation stays unchanged', () => {
    const cause = new GatewayError('upstream_timeout', 'too slow');
    expect(errorOf(decode([text('Half')], { cause }))).toBe(cause);
  });

  it('is reported once', () => {
    const decoder = createDecoder(context());
    expect(decoder.push(exception('error', {})).map((event) => event.type)).toEqual(['reply-start', 'reply-error']);
    expect(decoder.push(text('a'))).toEqual([]);
    expect(decoder.end(new Error('again'))).toEqual([]);
  });
});

describe('tags in the text', () => {
  const tagged = (...parts: string[]) => outline(decode(parts.map(text), { thinkingTags: true }));

  it('are reasoning if the request told the model to use them', () => {
    expect(tagged('<thinking>\nHm.</thinking>\n\nDone.')).toEqual([
      ...reasoningLines('-', 'Hm.'),
      ...textLines('Done.'),
      END,
    ]);
  });

  it('are text otherwise', () => {
    expect(outline(decode([text('<thinking>Hm.</thinking>')]))).toEqual([
      ...textLines('<thinking>Hm.</thinking>'),
      END,
    ]);
  });

  it('end with the reply if never closed', () => {
    const events = outline(decode([text('<thinking>Hm.'), stopReason('END_TURN')], { thinkingTags: true }));
    expect(events).toEqual([...reasoningLines('-', 'Hm.'), END]);
  });

  it('end before a tool call if never closed', () => {
    const events = outline(decode([text('<thinking>Hm.'), ...completeCall(input)], { thinkingTags: true }));
    expect(events).toEqual([...reasoningLines('-', 'Hm.'), ...callLines([input]), TOOL_END]);
  });

  it('are text if incomplete, before whatever comes next', () => {
    const half = [text('a <thin')];
    expect(outline(decode(half, { thinkingTags: true }))).toEqual([...textLines('a ', '<thin'), END]);
    expect(outline(decode([...half, exception('error', {})], { thinkingTags: true }))).toEqual([
      'text-start',
      'text-delta a ',
      'text-delta <thin',
      'reply-error upstream_broken',
    ]);
  });

  it('leave a reply of white space empty', () => {
    expect(tagged(' \n')).toEqual(['reply-error empty_reply']);
  });
});

describe('any reply', () => {
  const word = fc.oneof(
    fc.string({ unit: anyCodePoint, maxLength: 12 }),
    fc.constantFrom('<thinking>', '</thinking>', '`', '"', '', '\n'),
  );
  const toolId = fc.constantFrom('tooluse_a', 'tooluse_b', undefined);
  const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
    { weight: 4, arbitrary: word.map(text) },
    { weight: 2, arbitrary: fc.record({ text: word, signature: word }, { requiredKeys: [] }).map(reasoning) },
    {
      weight: 3,
      arbitrary: fc
        .record(
          {
            toolUseId: toolId,
            name: fc.constantFrom('x', 'y'),
            input: fc.constantFrom('{}', '{"a"', ':1}', '', {}),
            stop: fc.boolean(),
          },
          { requiredKeys: [] },
        )
        .map((payload) => tool(JSON.parse(JSON.stringify(payload)))),
    },
    { arbitrary: fc.constantFrom(...completeCall(input), ...completeCall('{}', 'tooluse_c')), weight: 2 },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        reasoning({ redactedContent: 'eA==' }),
        stopReason('MAX_TOKENS'),
        stopReason('END_TURN'),
        frame('contextUsageEvent', { contextUsagePercentage: 50 }),
        frame('meteringEvent', { usage: 0.5, unit: 'credit' }),
        frame('citationEvent', { citationLink: 'u' }),
        frame('newEvent', {}),
        exception('ThrottlingException', { message: 'slow' }),
      ),
    },
  );
  const anyCuts = fc.array(fc.nat(), { maxLength: 20 });

  function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
    const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
  }

  it('obeys the grammar, wherever its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), anyCuts, fc.boolean(), (frames, cuts, thinkingTags) => {
        const bytes = Buffer.concat(frames);
        const events = outline(decode([bytes], { thinkingTags })).map(withoutMadeUpId);
        expect(outline(decode(cutAt(bytes, cuts), { thinkingTags })).map(withoutMadeUpId)).toEqual(events);
      }),
      { seed: 42, numRuns: 500 },
    );
  });

  it('keeps every character of a long text that arrives at once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { minLength: 200, maxLength: 400 }),
        (pieces) => {
          const events = decode([Buffer.concat(pieces.map((piece) => text(piece)))]);
          const deltas = events.flatMap((event) => (event.type === 'text-delta' ? [event.text.plain] : []));
          expect(deltas).toEqual(pieces.filter((piece) => piece !== ''));
        },
      ),
      { seed: 42, numRuns: 20 },
    );
  });

  it('keeps every character of its text', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.constantFrom('m', 'n', undefined))), (words) => {
        const frames = words.map(([content, modelId]) =>
          frame('assistantResponseEvent', modelId ? { content, modelId } : { content }),
        );
        const events = decode([...frames, stopReason('MAX_TOKENS')]);
        const texts = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []));
        const expected = words.map(([content]) => content.toWellFormed()).filter((content) => content !== '');
        expect(texts.map((piece) => piece.plain)).toEqual(expected);
        expect(texts.map((piece) => JSON.parse(`"${piece.escaped}"`))).toEqual(expected);
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('never ends normally if its bytes stop inside a frame', () => {
    const bytes = Buffer.concat([text('One'), ...completeCall(input), text('two'), stopReason('END_TURN')]);
    const borders = new Set<number>([0]);
    for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) borders.add(at + bytes.readUInt32BE(at));
    for (let cut = 1; cut < bytes.length; cut++) {
      if (borders.has(cut)) continue;
      expect(errorOf(decode([bytes.subarray(0, cut)])).code).toBe('upstream_broken');
    }
  });
});

/** A call without an id from the service gets a random one. */
function withoutMadeUpId(line: string): string {
  return line.replace(/tooluse_[\da-f]{32}/, 'tooluse_made_up');
}

describe('a body that ends with its connection', () => {
  it('is complete only if the service reported its end', () => {
    const cut = decode([text('Half')], { endsWithConnection: true });
    expect(errorOf(cut).code).toBe('upstream_broken');
    const done = decode([text('All.'), stopReason('END_TURN')], { endsWithConnection: true });
    expect(done.at(-1)).toMatchObject({ type: 'reply-end', stopReason: 'end-turn' });
  });
});
