import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../../core/steps.ts';
import { FIELD_SUPPORT, supportOf } from './fields.ts';
import { parseRequest } from './parse.ts';

/** The top-level fields of an interface in the SDK's type declarations. */
function fieldsOf(declarations: string, name: string): string[] {
  const start = declarations.indexOf(`export interface ${name} {`);
  const body = declarations.slice(start, declarations.indexOf('\n}', start));
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, field = '']) => field);
}

const code = createRequire(import.meta.url).resolve('openai/resources/chat/completions/completions');
const declarations = readFileSync(code.replace(/\.m?js$/, '.d.ts'), 'utf8');
const context = { header: () => undefined, nowMs: 0 };
const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const parse = (fields: object) => runAtOnce(parseRequest({ ...body, ...fields }, context));

describe('the table of fields', () => {
  it("covers exactly the fields of the official SDK's request", () => {
    const official = fieldsOf(declarations, 'ChatCompletionCreateParamsBase');
    const options = fieldsOf(declarations, 'ChatCompletionStreamOptions').map((field) => `stream_options.${field}`);
    expect(official.length).toBeGreaterThan(30);
    const known = [...official.filter((field) => field !== 'stream_options'), ...options];
    expect(Object.keys(FIELD_SUPPORT).sort()).toEqual(known.sort());
  });

  const fields = (support: string) =>
    Object.entries(FIELD_SUPPORT).flatMap(([field, own]) => (own === support ? [field] : []));

  it.each(fields('noted'))('%s is accepted and noted', (field) => {
    expect(parse({ [field]: 1 }).adjustments).toEqual([{ rule: 'parameter-ignored', path: field, before: '1' }]);
    expect(parse({ [field]: null }).adjustments).toEqual([]);
  });

  it.each(fields('ignored').filter((field) => !field.includes('.')))('%s is accepted without a note', (field) => {
    expect(parse({ [field]: 'x' }).adjustments).toEqual([]);
  });

  it.each([
    { logprobs: true },
    { top_logprobs: 3 },
    { modalities: ['text', 'audio'] },
    { audio: { voice: 'alloy', format: 'mp3' } },
  ])('%j is rejected', (fields) => {
    const [field = ''] = Object.keys(fields);
    expect(supportOf(field)).toBe('refused');
    expect(() => parse(fields)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: expect.stringContaining(field) }),
    );
  });

  it.each([{ n: 1 }, { n: null }, { logprobs: false }, { top_logprobs: 0 }, { modalities: ['text'] }, { audio: null }])(
    '%j asks for nothing special and is fine',
    (fields) => {
      expect(parse(fields).adjustments).toEqual([]);
    },
  );

  it('allows up to four choices', () => {
    expect(parse({ n: 4 })).toMatchObject({
      choices: 4,
      adjustments: [{ rule: 'choices-emulated', path: 'n', before: '4' }],
    });
    expect(() => parse({ n: 5 })).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'n' }));
    expect(() => parse({ n: 0 })).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'n' }));
  });

  it('has no entry for other names, even those of Object.prototype', () => {
    expect(supportOf('constructor')).toBeUndefined();
    expect(parse({ brand_new: true, constructor: 'x' }).adjustments).toEqual([
      { rule: 'field-ignored', path: 'brand_new' },
      { rule: 'field-ignored', path: 'constructor' },
    ]);
  });
});
