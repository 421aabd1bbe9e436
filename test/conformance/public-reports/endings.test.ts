/**
 * How replies end according to public reports: calls without arguments, without an end mark or interleaved, arguments
 * with illegal characters, truncated replies, refusals with details.
 */
import { describe, expect, it } from 'vitest';
import type { ReplyStep, ScriptedReply } from '../../../src/simulator/script.ts';
import { type Call, type DeclaredTool, WAYS } from './endpoints.ts';
import { ReportBench } from './exchange.ts';

const LIST_APPS: DeclaredTool = { name: 'list_apps', description: 'd', schema: { type: 'object', properties: {} } };
const OPEN_APP: DeclaredTool = { ...LIST_APPS, name: 'open_app' };
const READ_FILE: DeclaredTool = {
  name: 'read_file',
  description: 'reads',
  schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};
const TOOLS = [LIST_APPS, OPEN_APP, READ_FILE];

const bench = new ReportBench();

const NO_CLOSING = { contextUsage: false, stopReason: false, tokenUsage: false, metering: false };

/** An event of one call; undefined members are not sent. */
function toolUse(toolUseId: string, name: string, more: { input?: string; stop?: boolean }): ReplyStep {
  return { event: 'toolUseEvent', payload: { toolUseId, name, ...more } };
}

const call = (name: string, input: unknown): Call => ({ name, input, kind: 'function' });
const TOOL_USE: ReplyStep = { stopReason: 'TOOL_USE' };

interface CallCase {
  readonly name: string;
  readonly reply: ScriptedReply;
  readonly calls: readonly Call[];
  readonly text?: string;
}

const COMPLETE: readonly CallCase[] = [
  {
    name: 'no arguments and no end mark',
    reply: { steps: [toolUse('tooluse_A', 'list_apps', { input: '', stop: false }), TOOL_USE] },
    calls: [call('list_apps', {})],
  },
  {
    name: 'no arguments, no end mark, no stop reason',
    reply: { steps: [toolUse('tooluse_A', 'list_apps', { input: '' }), { contextPercentage: 1 }, { credits: 0.1 }] },
    calls: [call('list_apps', {})],
  },
  {
    name: 'no arguments and a stop reason of another kind',
    reply: { steps: [toolUse('tooluse_A', 'list_apps', { input: '' }), { stopReason: 'END_TURN' }] },
    calls: [call('list_apps', {})],
  },
  {
    name: 'no arguments in an event with the end mark',
    reply: { steps: [toolUse('tooluse_A', 'list_apps', { stop: true }), TOOL_USE] },
    calls: [call('list_apps', {})],
  },
  {
    name: 'text before a call without arguments',
    reply: { steps: ['I look.', toolUse('tooluse_A', 'list_apps', { input: '' }), TOOL_USE] },
    calls: [call('list_apps', {})],
    text: 'I look.',
  },
  {
    name: 'two calls without arguments',
    reply: { steps: [toolUse('a', 'list_apps', { input: '' }), toolUse('b', 'open_app', { input: '' }), TOOL_USE] },
    calls: [call('list_apps', {}), call('open_app', {})],
  },
  {
    name: 'parallel calls, the first without arguments',
    reply: {
      steps: [
        toolUse('t1', 'list_apps', { input: '', stop: false }),
        toolUse('t2', 'read_file', { input: '', stop: false }),
        toolUse('t2', 'read_file', { input: '{"path":"a"}', stop: false }),
        toolUse('t2', 'read_file', { stop: true }),
        TOOL_USE,
      ],
    },
    calls: [call('list_apps', {}), call('read_file', { path: 'a' })],
  },
  {
    name: 'two calls with interleaved arguments',
    reply: {
      steps: [
        toolUse('t1', 'read_file', { input: '{"path":' }),
        toolUse('t2', 'read_file', { input: '{"pa' }),
        toolUse('t1', 'read_file', { input: '"a"}' }),
        toolUse('t2', 'read_file', { input: 'th":"b"}' }),
        toolUse('t2', 'read_file', { stop: true }),
        toolUse('t1', 'read_file', { stop: true }),
        TOOL_USE,
      ],
    },
    calls: [call('read_file', { path: 'a' }), call('read_file', { path: 'b' })],
  },
  {
    name: 'complete arguments and no end mark',
    reply: { steps: [toolUse('t2', 'read_file', { input: '{"path":"a"}', stop: false }), TOOL_USE] },
    calls: [call('read_file', { path: 'a' })],
  },
  {
    name: 'complete arguments in pieces and no end mark',
    reply: {
      steps: [
        toolUse('t2', 'read_file', {}),
        toolUse('t2', 'read_file', { input: '{"path"' }),
        toolUse('t2', 'read_file', { input: ':"a"}' }),
        TOOL_USE,
      ],
    },
    calls: [call('read_file', { path: 'a' })],
  },
];

describe.each(WAYS)('$way: a call', ({ endpoint, streamed }) => {
  it.each(COMPLETE)('is complete with $name', async ({ reply, calls, text = '' }) => {
    bench.script(reply);
    const exchange = await bench.send(endpoint, endpoint.body('x', TOOLS), streamed);
    expect(exchange).toMatchObject({ status: 200, calls, text, stop: 'calls', error: undefined });
    expect(exchange.upstream).toHaveLength(1);
  });
});

const TRUNCATED: readonly { readonly name: string; readonly reply: ScriptedReply }[] = [
  { name: 'partial arguments', reply: { steps: [toolUse('t2', 'read_file', { input: '{"path":"' }), TOOL_USE] } },
  {
    name: 'partial arguments in a reply without closing events',
    reply: { steps: [toolUse('t2', 'read_file', { input: '{"path":"' })], closing: NO_CLOSING },
  },
  {
    name: 'partial arguments after text',
    reply: { steps: ['I read.', toolUse('t2', 'read_file', { input: '{"pa' }), TOOL_USE] },
  },
  {
    name: 'no arguments although one is required',
    reply: { steps: [toolUse('t2', 'read_file', { input: '', stop: false }), TOOL_USE] },
  },
  {
    name: 'arguments that can be read in two ways',
    reply: { steps: [toolUse('t2', 'read_file', { input: '{"path":"a"b","c":"d"}', stop: true }), TOOL_USE] },
  },
];

describe.each(WAYS)('$way: a call', ({ endpoint, streamed }) => {
  it.each(TRUNCATED)('is an error and never complete with $name', async ({ reply }) => {
    bench.script(reply);
    const exchange = await bench.send(endpoint, endpoint.body('x', TOOLS), streamed);
    expect(exchange.error).toMatch(/tool/i);
    expect(exchange.calls).toEqual([]);
    if (!streamed) expect(exchange.status).toBe(502);
  });
});

/** Arguments as the service sends them, and their meaning. */
const ILLEGAL: readonly (readonly [name: string, input: string, path: string])[] = [
  ['backslashes and a line break', '{"path":"C:\\Users\\x\n"}', 'C:\\Users\\x\n'],
  ['a tab', '{"path":"a\tb"}', 'a\tb'],
  ['a backslash before a letter without a meaning', '{"path":"\\d+\\.ts"}', '\\d+\\.ts'],
  ['a carriage return', '{"path":"a\r\nb"}', 'a\r\nb'],
];

describe.each(WAYS)('$way: arguments', ({ endpoint, streamed }) => {
  it.each(ILLEGAL)('with %s are escaped, and noted', async (_name, input, path) => {
    bench.script({ steps: [toolUse('t2', 'read_file', { input, stop: true }), TOOL_USE] });
    const exchange = await bench.send(endpoint, endpoint.body('x', TOOLS), streamed);
    expect(exchange).toMatchObject({ status: 200, calls: [call('read_file', { path })], stop: 'calls' });
    expect(exchange.noted).toContain('tool-arguments-repaired');
    if (!streamed) expect(exchange.header).toContain('tool-arguments-repaired');
  });

  it('that are valid are passed on unchanged', async () => {
    const input = '{"path":"C:\\\\Users\\n","note":"\\u00e9"}';
    bench.script({ steps: [toolUse('t2', 'read_file', { input, stop: true }), TOOL_USE] });
    const exchange = await bench.send(endpoint, endpoint.body('x', TOOLS), streamed);
    expect(exchange.calls).toEqual([call('read_file', { path: 'C:\\Users\n', note: 'é' })]);
    expect(exchange.noted).not.toContain('tool-arguments-repaired');
  });
});

const CUT_OFF: ScriptedReply = { steps: ['The first step is to open the'], closing: NO_CLOSING };

describe.each(WAYS)('$way: text without closing events', ({ endpoint, streamed }) => {
  /** A new gateway's account has sent nothing yet. */
  const fresh = new ReportBench();

  it('is complete until the account has sent closing events, and cut off afterwards', async () => {
    fresh.script(CUT_OFF);
    const before = await fresh.send(endpoint, endpoint.body('x'), streamed);
    expect(before).toMatchObject({ status: 200, stop: 'end', text: 'The first step is to open the' });
    expect(before.noted).not.toContain('reply-cut-off');

    fresh.script({ steps: ['Whole.'] });
    expect(await fresh.send(endpoint, endpoint.body('x'), streamed)).toMatchObject({ stop: 'end', text: 'Whole.' });

    fresh.script(CUT_OFF);
    const after = await fresh.send(endpoint, endpoint.body('x'), streamed);
    expect(after).toMatchObject({ status: 200, stop: 'length', text: 'The first step is to open the' });
    expect(after.noted).toContain('reply-cut-off');
    if (!streamed) expect(after.header).toContain('reply-cut-off');
  });
});

const REFUSALS: readonly { readonly name: string; readonly refusal: Readonly<Record<string, string>> }[] = [
  { name: 'with a category and an explanation', refusal: { category: 'REASONING_EXTRACTION', explanation: 'why' } },
  { name: 'with a category alone', refusal: { category: 'CYBER' } },
];

describe.each(WAYS)('$way: a refusal', ({ endpoint, streamed }) => {
  it.each(REFUSALS)('$name is reported to the client, and its details are logged and noted', async ({ refusal }) => {
    const payload = { stopReason: 'CONTENT_FILTERED', stopDetails: { refusal } };
    bench.script({ steps: ['I', { event: 'metadataEvent', payload }] });
    const exchange = await bench.send(endpoint, endpoint.body('x'), streamed);
    expect(exchange).toMatchObject({ status: 200, stop: 'refusal' });
    expect(exchange.noted).toContain('reply-refused');
    for (const detail of Object.values(refusal)) expect(exchange.logLine).toContain(detail);
    if (!streamed) expect(exchange.header).toContain('reply-refused');
  });
});
