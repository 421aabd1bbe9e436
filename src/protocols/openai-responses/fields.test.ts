import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../../core/steps.ts';
import { FIELD_SUPPORT, supportOf } from './fields.ts';
import { parseRequest } from './parse.ts';
import { responseFrame } from './response.ts';

/** The top-level fields of an interface in the SDK's type declarations. */
function fieldsOf(path: string, name: string, indent: number): string[] {
  const code = createRequire(import.meta.url).resolve(path);
  const declarations = readFileSync(code.replace(/\.m?js$/, '.d.ts'), 'utf8');
  const start = declarations.indexOf(`interface ${name} {`);
  const body = declarations.slice(start, declarations.indexOf(`\n${' '.repeat(indent - 4)}}`, start));
  return [...body.matchAll(new RegExp(`^ {${indent}}(\\w+)\\??:`, 'gm'))].map(([, field = '']) => field);
}

const RESPONSES = 'openai/resources/responses/responses';
const context = { header: () => undefined, nowMs: 0 };
const parse = (fields: object) => runAtOnce(parseRequest({ model: 'm', input: 'hi', ...fields }, context));

describe('the table of fields', () => {
  it("covers exactly the fields of the official SDK's request", () => {
    const official = [...fieldsOf(RESPONSES, 'ResponseCreateParamsBase', 4)];
    const inside = [
      ...fieldsOf(RESPONSES, 'ResponseTextConfig', 4).map((field) => `text.${field}`),
      ...fieldsOf('openai/resources/shared', 'Reasoning', 4).map((field) => `reasoning.${field}`),
      ...fieldsOf(RESPONSES, 'StreamOptions', 12).map((field) => `stream_options.${field}`),
    ];
    expect(official.length).toBeGreaterThan(30);
    const flat = official.filter((field) => !['text', 'reasoning', 'stream_options'].includes(field));
    expect(Object.keys(FIELD_SUPPORT).sort()).toEqual([...flat, ...inside].sort());
  });

  const fields = (support: string) =>
    Object.entries(FIELD_SUPPORT).flatMap(([field, own]) => (own === support && !field.includes('.') ? [field] : []));

  it.each(fields('noted'))('%s is accepted and noted', (field) => {
    expect(parse({ [field]: 1 }).adjustments).toEqual([{ rule: 'parameter-ignored', path: field, before: '1' }]);
    expect(parse({ [field]: null }).adjustments).toEqual([]);
  });

  it.each(fields('ignored'))('%s is accepted without a word', (field) => {
    expect(parse({ [field]: 'x' }).adjustments).toEqual([]);
  });

  it.each([{ conversation: 'conv_1' }, { prompt: { id: 'p' } }, { top_logprobs: 3 }])('%j is rejected', (refused) => {
    const [field = ''] = Object.keys(refused);
    expect(supportOf(field)).toBe('refused');
    expect(() => parse(refused)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: field }));
  });

  it.each([
    { top_logprobs: 0 },
    { truncation: 'disabled' },
    { stream_options: { include_obfuscation: false } },
    { reasoning: { summary: 'auto' } },
    { client_metadata: { session_id: 's' } },
  ])('%j is a no-op and is accepted', (fine) => {
    expect(parse(fine).adjustments).toEqual([]);
  });

  it.each([
    [{ text: { verbosity: 'low' } }, 'parameter-ignored', 'text.verbosity'],
    [{ include: ['message.output_text.logprobs'] }, 'parameter-ignored', 'include[0]'],
    [{ reasoning: { effort: 'utter' } }, 'parameter-ignored', 'reasoning.effort'],
    [{ brand_new: true }, 'field-ignored', 'brand_new'],
    [{ enable_thinking: true }, 'other-dialect', 'enable_thinking'],
    [{ text: { tone: 'dry' } }, 'field-ignored', 'text.tone'],
  ])('%j is accepted and noted', (odd, rule, path) => {
    expect(parse(odd).adjustments).toEqual([expect.objectContaining({ rule, path })]);
  });

  it('has no entry for other names, even those of Object.prototype', () => {
    expect(supportOf('constructor')).toBeUndefined();
  });
});

it('omits fields that are nested too deep from the response', () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`);
  const frame = responseFrame(parse({ metadata: deep, user: deep }), 'resp_1');
  expect(JSON.parse(JSON.stringify(frame))).toMatchObject({ metadata: {} });
});
