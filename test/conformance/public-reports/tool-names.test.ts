/** Tool names that the service may refuse, and otherwise odd tools: neither fails a request. */
import { describe, expect, it } from 'vitest';
import { type Call, type DeclaredTool, WAYS } from './endpoints.ts';
import { ReportBench } from './exchange.ts';

const bench = new ReportBench();

const SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const call = (name: string, input: unknown = { path: 'a' }): Call => ({ name, input, kind: 'function' });

const READ_FILE: DeclaredTool = { name: 'read_file', description: 'reads', schema: SCHEMA };
/** Differs from the other tool only in case. */
const READ_FILE_UPPER: DeclaredTool = { ...READ_FILE, name: 'Read_File' };

describe.each(WAYS)('$way: a call', ({ endpoint, streamed }) => {
  it('keeps its name if two tools differ only in case', async () => {
    bench.script({ steps: [{ tool: 'Read_File', input: { path: 'a' } }] });
    const first = await bench.send(endpoint, endpoint.body('x', [READ_FILE, READ_FILE_UPPER]), streamed);
    const [sent] = first.upstream;
    for (const { name, description } of sent?.tools ?? []) {
      bench.script({ steps: [{ tool: name, input: { path: 'a' } }] });
      const { calls } = await bench.send(endpoint, endpoint.body('x', [READ_FILE, READ_FILE_UPPER]), streamed);
      expect(calls, description).toHaveLength(1);
      expect([name, ...(/Read_File|read_file/.exec(description) ?? [])]).toContain(calls[0]?.name);
    }
  });

  it.each(['1st', '_x', '-x', '9 lives', 'über'])(
    'of %s goes under an alias that begins with a letter',
    async (name) => {
      const body = endpoint.body('x', [{ name, description: 'Does it.', schema: SCHEMA }]);
      bench.script({ steps: ['Ok.'] });
      const { upstream } = await bench.send(endpoint, body, streamed);
      const [sent] = upstream[0]?.tools ?? [];
      expect(sent?.name).toMatch(/^[A-Za-z][A-Za-z0-9_-]*$/);
      expect(sent?.description).toContain(name);
      expect(sent?.description).toContain('Does it.');

      bench.script({ steps: [{ tool: sent?.name ?? '', input: { path: 'a' } }] });
      const exchange = await bench.send(endpoint, body, streamed);
      expect(exchange).toMatchObject({ status: 200, stop: 'calls', calls: [call(name)] });
      expect(exchange.header).toContain('tool-name-alias');
    },
  );
});

const ODD_TOOLS: readonly (readonly [name: string, tool: unknown])[] = [
  ['a namespace without tools', { type: 'namespace', name: 'multi_agent_v1' }],
  ['a namespace with tools that are null', { type: 'namespace', name: 'multi_agent_v1', tools: null }],
  ['an unknown vendor type', { type: 'brand_new_20270101', name: 'brand_new' }],
  ['no type and no name', { description: 'odd' }],
  ['null', null],
];

describe.each(WAYS)('$way: one odd tool', ({ endpoint, streamed }) => {
  it.each(ODD_TOOLS)('is left out, and noted: %s', async (_name, tool) => {
    bench.script({ steps: ['Ok.'] });
    const body = endpoint.body('x', [READ_FILE]);
    const tools = [tool, ...(Array.isArray(body.tools) ? body.tools : [])];
    const exchange = await bench.send(endpoint, { ...body, tools }, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.header).not.toEqual([]);
    expect(exchange.upstream[0]?.tools.map(({ name }) => name)).toEqual(['read_file']);
  });
});
