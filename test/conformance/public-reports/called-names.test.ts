/** Tool names as models write them: calls are returned under the names that the client declared. */
import { describe, expect, it } from 'vitest';
import { type Call, type DeclaredTool, RESPONSES, WAYS } from './endpoints.ts';
import { ReportBench } from './exchange.ts';

const bench = new ReportBench();

const SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const call = (name: string, input: unknown = { path: 'a' }): Call => ({ name, input, kind: 'function' });

const CODEX_TOOLS = [
  {
    type: 'namespace',
    name: 'collaboration',
    tools: [{ type: 'function', name: 'followup_task', parameters: SCHEMA }],
  },
  { type: 'custom', name: 'run', description: 'free text' },
];
const FOLLOWUP: Call = { ...call('followup_task'), namespace: 'collaboration' };
const RUN: Call = { name: 'run', input: 'ls', kind: 'custom' };

/** Names that models use, and the arguments of the call. */
const CODEX_CALLS: readonly (readonly [name: string, input: { readonly [key: string]: string }, Call])[] = [
  ['followup_task', { path: 'a' }, FOLLOWUP],
  ['collaboration.followup_task', { path: 'a' }, FOLLOWUP],
  ['collaboration__followup_task', { path: 'a' }, FOLLOWUP],
  ['Followup_Task', { path: 'a' }, FOLLOWUP],
  ['functions.collaboration.followup_task', { path: 'a' }, FOLLOWUP],
  ['run', { input: 'ls' }, RUN],
  ['functions__run', { input: 'ls' }, RUN],
  ['functions.run', { input: 'ls' }, RUN],
  ['RUN', { input: 'ls' }, RUN],
];

describe.each(WAYS.filter(({ endpoint }) => endpoint === RESPONSES))('$way: Codex', ({ endpoint, streamed }) => {
  it.each(CODEX_CALLS)('gets a call of %s as it declared the tool', async (tool, input, expected) => {
    bench.script({ steps: [{ tool, input }] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), tools: CODEX_TOOLS }, streamed);
    expect(exchange).toMatchObject({ status: 200, stop: 'calls', error: undefined });
    expect(exchange.calls).toEqual([expected]);
  });

  it('gets no tool for a bare name that two namespaces have', async () => {
    const other = { ...CODEX_TOOLS[0], name: 'other' };
    bench.script({ steps: [{ tool: 'followup_task', input: { path: 'a' } }] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), tools: [...CODEX_TOOLS, other] }, streamed);
    expect(exchange.calls.filter(({ namespace }) => namespace !== undefined)).toEqual([]);
  });
});

const READ_FILE: DeclaredTool = { name: 'read_file', description: 'reads', schema: SCHEMA };
describe.each(WAYS)('$way: a call', ({ endpoint, streamed }) => {
  it.each(['read_file', 'Read_File', 'functions.read_file', 'functions__read_file'])(
    'of %s has the name that the client declared',
    async (tool) => {
      bench.script({ steps: [{ tool, input: { path: 'a' } }] });
      const exchange = await bench.send(endpoint, endpoint.body('x', [READ_FILE]), streamed);
      expect(exchange).toMatchObject({ status: 200, stop: 'calls', calls: [call('read_file')] });
    },
  );
});
