import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import { runAtOnce } from '../../core/steps.ts';
import { EDITOR_FIELD_SUPPORT, FIELD_SUPPORT, supportOf } from './fields.ts';
import { openaiCompletions } from './index.ts';
import { parseFim, parseRequest } from './parse.ts';

const CONTEXT = { header: () => undefined, nowMs: 1_000 };
const P = 'function add(a, b) {\n  return ';
const S = '\n}\n';

function code(fields: object) {
  const parsed = runAtOnce(parseRequest({ model: 'm', ...fields }, CONTEXT));
  return 'completion' in parsed ? parsed.completion : undefined;
}
function fim(fields: object) {
  return runAtOnce(parseFim({ model: 'm', ...fields }, CONTEXT)).completion;
}
function chat(fields: object) {
  const parsed = runAtOnce(parseRequest({ model: 'm', ...fields }, CONTEXT));
  if ('completion' in parsed) throw new Error('The request was read as code at the cursor.');
  return parsed;
}

describe('code at the cursor', () => {
  it('is a prompt with a suffix, even an empty one', () => {
    expect(code({ prompt: P, suffix: S })).toMatchObject({ model: 'm', prefix: P, suffix: S, choices: 1, related: [] });
    expect(code({ prompt: [P], suffix: '' })).toMatchObject({ prefix: P, suffix: '' });
    expect(code({ prompt: P, suffix: null })).toBeUndefined();
  });

  const templates: readonly [string, string][] = [
    ['Qwen Coder', `<|fim_prefix|>${P}<|fim_suffix|>${S}<|fim_middle|>`],
    ['the suffix first', `<|fim_suffix|>${S}<|fim_prefix|>${P}<|fim_middle|>`],
    ['StarCoder', `<fim_prefix>${P}<fim_suffix>${S}<fim_middle>`],
    ['SantaCoder', `<fim-prefix>${P}<fim-suffix>${S}<fim-middle>`],
    ['DeepSeek Coder', `<｜fim▁begin｜>${P}<｜fim▁hole｜>${S}<｜fim▁end｜>`],
    ['Code Llama', `<PRE> ${P} <SUF>${S} <MID>`],
    ['Codestral', `[SUFFIX]${S}[PREFIX]${P}`],
    ['GLM', `<|code_prefix|>${P}<|code_suffix|>${S}<|code_middle|>`],
    ['instructions before it', `Complete the code.\n<|fim_prefix|>${P}<|fim_suffix|>${S}<|fim_middle|>`],
  ];
  it.each(templates)('is found between the markers of %s', (_name, prompt) => {
    expect(code({ prompt })).toMatchObject({ prefix: P, suffix: S, at: { prefix: 'prompt', suffix: 'prompt' } });
    expect(fim({ prompt })).toMatchObject({ prefix: P, suffix: S });
  });

  const files: readonly [string, string][] = [
    [
      "Qwen Coder's separators",
      `<|repo_name|>shop\n<|file_sep|>b.js\nlet b;\n<|file_sep|>src/a.js\n<|fim_prefix|>${P}<|fim_suffix|>${S}<|fim_middle|>`,
    ],
    ["StarCoder's", `<file_sep>b.js\nlet b;\n<file_sep>src/a.js\n<fim_prefix>${P}<fim_suffix>${S}<fim_middle>`],
    ["Codestral's", `[SUFFIX]${S}[PREFIX]+++++ b.js\nlet b;\n+++++ src/a.js\n${P}`],
  ];
  it.each(files)('comes with pieces of other files between %s', (_name, prompt) => {
    expect(code({ prompt })).toMatchObject({
      prefix: P,
      suffix: S,
      fileName: 'src/a.js',
      related: [{ fileName: 'b.js', text: 'let b;\n' }],
    });
  });

  it('may be in an open code fence with its language', () => {
    expect(code({ prompt: `\`\`\`typescript src/a.ts\n${P}`, suffix: `${S}\`\`\`` })).toMatchObject({
      prefix: P,
      suffix: S,
      language: 'typescript',
      fileName: 'src/a.ts',
    });
    expect(code({ prompt: `\`\`\`js\n${P}`, suffix: '' })).toMatchObject({ prefix: P, language: 'js' });
    const closed = '```js\nlet a;\n```\nand then ';
    expect(code({ prompt: closed, suffix: '' })).toMatchObject({ prefix: closed, language: undefined });
  });

  it.each(['filename', 'file_name', 'file_path', 'filepath', 'path'])('takes its file name from %s', (field) => {
    expect(code({ prompt: P, suffix: S, [field]: 'a.py', language: 'python' })).toMatchObject({
      fileName: 'a.py',
      language: 'python',
    });
  });

  it('is read from llama.cpp clients, whose prompt is the text before the cursor in its line', () => {
    const body = {
      input_prefix: 'function add(a, b) {\n',
      prompt: '  return ',
      input_suffix: S,
      input_extra: [{ filename: 'b.js', text: 'let b;' }, { text: 'nameless' }],
      n_predict: 64,
      top_k: 40,
      samplers: ['top_k'],
    };
    const parsed = runAtOnce(parseFim(body, CONTEXT));
    expect(parsed.completion).toMatchObject({
      model: 'inline-completion',
      prefix: P,
      suffix: S,
      related: [{ fileName: 'b.js', text: 'let b;' }],
      limits: { maxTokens: 64 },
    });
    expect(parsed.echo.form).toBe('infill');
    expect(parsed.adjustments.map(({ path }) => path)).toEqual(['top_k', 'samplers']);
    expect(runAtOnce(parseFim({ ...body, n_predict: -1 }, CONTEXT)).completion.limits.maxTokens).toBeUndefined();
  });

  it('is read from the segments of Tabby clients', () => {
    const body = { language: 'javascript', segments: { prefix: P, suffix: S, filepath: 'src/a.js' } };
    expect(code(body)).toMatchObject({
      model: 'm',
      prefix: P,
      suffix: S,
      language: 'javascript',
      fileName: 'src/a.js',
    });
  });

  it('needs no suffix at the route for code', () => {
    expect(fim({ prompt: P })).toMatchObject({ prefix: P, suffix: '' });
    expect(() => fim({})).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'prompt' }));
  });

  it('has limits and choices', () => {
    expect(code({ prompt: P, suffix: S, max_tokens: 32, stop: ['\n\n', ''], n: 3 })).toMatchObject({
      choices: 3,
      limits: { maxTokens: 32, stopSequences: ['\n\n'] },
    });
    expect(() => code({ prompt: P, suffix: S, n: 11 })).toThrow(expect.objectContaining({ param: 'n' }));
  });
});

describe('a prompt', () => {
  it('is answered as a chat', () => {
    const { conversation, stream, choices } = chat({ prompt: 'Once upon a time', max_tokens: 5, stop: '.', n: 2 });
    expect(conversation).toMatchObject({
      model: 'm',
      turns: [{ role: 'user', parts: [{ type: 'text', at: 'prompt', text: 'Once upon a time' }] }],
      output: { maxTokens: 5, stopSequences: ['.'], format: { type: 'text' } },
    });
    expect({ stream, choices }).toEqual({ stream: false, choices: 2 });
  });

  it('that only mentions markers has no cursor', () => {
    expect(code({ prompt: 'What does <|fim_prefix|> mean?' })).toBeUndefined();
    expect(code({ prompt: 'Is [PREFIX] before [SUFFIX]?' })).toBeUndefined();
  });

  it.each([
    [{ prompt: '' }, 'invalid_request', 'prompt'],
    [{ prompt: 7 }, 'invalid_request', 'prompt'],
    [{ prompt: ['a', 'b'] }, 'unsupported_parameter', 'prompt'],
    [{ prompt: [1, 2] }, 'unsupported_parameter', 'prompt'],
    [{ prompt: [[1], [2]] }, 'unsupported_parameter', 'prompt'],
    [{ prompt: 'x', logprobs: 1 }, 'unsupported_parameter', 'logprobs'],
    [{ prompt: 'x', best_of: 3 }, 'unsupported_parameter', 'best_of'],
    [{ prompt: 'x', n: 5 }, 'unsupported_parameter', 'n'],
    [{ prompt: 'x', stop: ['a'.repeat(16_385)] }, 'invalid_request', 'stop'],
    [{ prompt: 'x', model: null }, 'invalid_request', 'model'],
  ])('%j is rejected', (fields, errorCode, param) => {
    expect(() => chat(fields)).toThrow(expect.objectContaining({ code: errorCode, param }));
  });
});

describe('options of the other APIs', () => {
  it.each([
    [{ max_completion_tokens: 5 }, { output: { maxTokens: 5, maxTokensAt: 'max_completion_tokens' } }],
    [{ max_output_tokens: 5 }, { output: { maxTokens: 5, maxTokensAt: 'max_output_tokens' } }],
    [{ stop_sequences: ['END'] }, { output: { stopSequences: ['END'], stopSequencesAt: 'stop_sequences' } }],
    [{ stop: 'A', stop_sequences: ['B', 'A'] }, { output: { stopSequences: ['A', 'B'] } }],
    [{ max_tokens: 5, max_completion_tokens: 9 }, { output: { maxTokens: 5 } }],
    [{ reasoning_effort: 'low' }, { reasoning: { mode: 'on', effort: 'low' } }],
    [{ thinking: { type: 'disabled' } }, { reasoning: { mode: 'off' } }],
    [{ response_format: { type: 'json_object' } }, { output: { format: { type: 'json', at: 'response_format' } } }],
    [{ system: 'Be brief.' }, { system: [{ text: 'Be brief.' }] }],
  ])('%j is honoured', (fields, expected) => {
    const { conversation, adjustments } = chat({ prompt: 'x', ...fields });
    expect(conversation).toMatchObject(expected);
    expect(adjustments.filter(({ rule }) => rule === 'field-ignored')).toEqual([]);
  });

  it('have a note for an overridden length', () => {
    const { adjustments } = chat({ prompt: 'x', max_tokens: 5, max_completion_tokens: 9 });
    expect(adjustments).toEqual([{ rule: 'parameter-ignored', path: 'max_completion_tokens', before: '9' }]);
  });

  it.each(['tools', 'functions'])('%s is rejected by name', (field) => {
    const tools = { [field]: [{ name: 'f', input_schema: {} }] };
    expect(() => chat({ prompt: 'x', ...tools })).toThrow(expect.objectContaining({ param: field }));
    expect(chat({ prompt: 'x', [field]: [] }).conversation.tools).toEqual([]);
  });
});

describe('the table of fields', () => {
  it("covers exactly the fields of the official SDK's request", () => {
    const path = createRequire(import.meta.url).resolve('openai/resources/completions');
    const declarations = readFileSync(path.replace(/\.m?js$/, '.d.ts'), 'utf8');
    const start = declarations.indexOf('export interface CompletionCreateParamsBase {');
    const body = declarations.slice(start, declarations.indexOf('\n}', start));
    const official = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, field = '']) => field);
    const ours = Object.keys(FIELD_SUPPORT).map((field) => field.replace(/\..*/, ''));
    expect(official.length).toBeGreaterThan(12);
    expect([...new Set(ours)].sort()).toEqual(official.sort());
  });

  it('decides which fields are noted', () => {
    const fields = { temperature: 0.2, top_p: 1, user: 'u', seed: 1, unheard_of: 'x' };
    expect(chat({ prompt: 'x', ...fields }).adjustments).toEqual([
      { rule: 'parameter-ignored', path: 'temperature', before: '0.2' },
      { rule: 'parameter-ignored', path: 'top_p', before: '1' },
      { rule: 'parameter-ignored', path: 'seed', before: '1' },
      { rule: 'field-ignored', path: 'unheard_of' },
    ]);
    expect(Object.keys(EDITOR_FIELD_SUPPORT).every((field) => supportOf(field) !== undefined)).toBe(true);
    expect(supportOf('toString')).toBeUndefined();
  });
});

describe('an error', () => {
  it.each([parseRequest, parseFim])('has the format of OpenAI, whichever route it was sent to', (parse) => {
    const refusal = expect.objectContaining({ code: 'invalid_request', param: 'prompt' });
    expect(() => runAtOnce<object>(parse({ model: 'm', prompt: 3 }, CONTEXT))).toThrow(refusal);
    const error = new GatewayError('invalid_request', 'prompt: expected a string.', { param: 'prompt' });
    expect(openaiCompletions.writeError(error)).toMatchObject({ status: 400, body: { error: { param: 'prompt' } } });
  });
});
