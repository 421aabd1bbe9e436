import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeCompletion } from '../../../test/support/code-completion.ts';
import { INVOCATION } from '../../../test/support/codewhisperer.ts';
import type { CodeCompletion } from '../../core/code-completion.ts';
import type { CompletionContext } from '../upstream.ts';
import { decodeCompletion, encodeCompletion } from './completions.ts';
import type { GenerateCompletionsRequest } from './wire.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const ACCESS = {
  region: 'us-east-1',
  profileArn: undefined,
  wireProfile: 'q-rest',
  baseUrl: undefined,
  kind: 'builder-id',
};
const CONTEXT: CompletionContext = {
  access: ACCESS,
  references: 'allow',
  nextToken: undefined,
  invocation: INVOCATION,
};

function encode(more: Partial<CodeCompletion>, context: Partial<CompletionContext> = {}) {
  const encoded = encodeCompletion(codeCompletion(more), { ...CONTEXT, ...context });
  return { ...encoded, body: JSON.parse(String(encoded.request.body)) as GenerateCompletionsRequest };
}

describe('a code completion', () => {
  it('is one GenerateCompletions request', () => {
    const { body, request, adjustments } = encode({
      prefix: 'function add(a, b) {\n  return ',
      suffix: '\n}\n',
      fileName: 'src/add.js',
      choices: 3,
    });
    expect(body).toEqual({
      fileContext: {
        leftFileContent: 'function add(a, b) {\n  return ',
        rightFileContent: '\n}\n',
        filename: 'src/add.js',
        programmingLanguage: { languageName: 'javascript' },
      },
      maxResults: 3,
      referenceTrackerConfiguration: { recommendationsWithReferences: 'ALLOW' },
    });
    expect(request.url).toBe('https://q.us-east-1.amazonaws.com/generatecompletions');
    expect(adjustments).toEqual([{ rule: 'completion-model', path: 'model', before: 'some-model' }]);
  });

  const wires: readonly [string, string, string | undefined][] = [
    ['q-rest', 'https://q.us-east-1.amazonaws.com/generatecompletions', undefined],
    ['q-json', 'https://q.us-east-1.amazonaws.com/', 'AmazonCodeWhispererService.GenerateCompletions'],
    ['kiro-runtime', 'https://runtime.us-east-1.kiro.dev/', 'AmazonCodeWhispererService.GenerateCompletions'],
    ['codewhisperer-legacy', 'https://codewhisperer.us-east-1.amazonaws.com/generatecompletions', undefined],
  ];
  it.each(wires)('uses the host and path of the wire profile %s', (wireProfile, url, target) => {
    const { request, body } = encode({}, { access: { ...ACCESS, wireProfile, profileArn: ARN } });
    expect(request.url).toBe(url);
    expect(request.headers['x-amz-target']).toBe(target);
    expect(body.profileArn).toBe(ARN);
  });

  it('may forbid code with references, and continue from a page', () => {
    const { body } = encode({}, { references: 'block', nextToken: 'bmV4dA==' });
    expect(body.referenceTrackerConfiguration.recommendationsWithReferences).toBe('BLOCK');
    expect(body.nextToken).toBe('bmV4dA==');
  });

  it('sends the text next to the cursor, whole lines if possible, and notes the cut', () => {
    const line = `${'x'.repeat(99)}\n`;
    const { body, adjustments } = encode({ prefix: line.repeat(200), suffix: line.repeat(300), fileName: 'a.py' });
    const { leftFileContent, rightFileContent } = body.fileContext;
    expect(leftFileContent).toBe(line.repeat(102));
    expect(rightFileContent).toBe(line.repeat(102));
    expect(adjustments.slice(1)).toEqual([
      { rule: 'completion-window', path: 'prompt', before: '20000 characters', after: '10200' },
      { rule: 'completion-window', path: 'suffix', before: '30000 characters', after: '10200' },
    ]);
  });

  it('stays within the service’s limits and never splits a surrogate pair, whatever the code', () => {
    const code = fc
      .array(fc.constantFrom('a', '\n', '😀', '\uD83D', 'é', ' '), { maxLength: 60 })
      .chain((letters) => fc.nat(800).map((times) => letters.join('').repeat(times)));
    fc.assert(
      fc.property(code, code, (prefix, suffix) => {
        const { leftFileContent, rightFileContent } = encode({ prefix, suffix }).body.fileContext;
        expect(leftFileContent.length).toBeLessThanOrEqual(10_240);
        expect(rightFileContent.length).toBeLessThanOrEqual(10_240);
        expect(leftFileContent.isWellFormed() && rightFileContent.isWellFormed()).toBe(true);
        const wellFormed = (text: string) => text.toWellFormed().replaceAll('\uFFFD', '');
        expect(wellFormed(prefix).endsWith(wellFormed(leftFileContent))).toBe(true);
        expect(wellFormed(suffix).startsWith(wellFormed(rightFileContent))).toBe(true);
        if (prefix.length > 10_240) expect(leftFileContent.length).toBeGreaterThan(9_800);
      }),
      { seed: 42, numRuns: 100 },
    );
  });

  it('sends the most related pieces of other files that fit', () => {
    const related = Array.from({ length: 30 }, (_, i) => ({ fileName: `f${i}.ts`, text: `${i}`.padEnd(1_500, '.') }));
    const contexts = encode({ related: [...related, { fileName: 'blank.ts', text: ' ' }] }).body.supplementalContexts;
    expect(contexts?.at(-1)?.filePath).toBe('f29.ts');
    expect(contexts?.length).toBe(14);
    expect(contexts?.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThanOrEqual(20_480);
  });
});

describe('the answer to a code completion', () => {
  it('has completions with their references, in either form', () => {
    const reference = { licenseName: 'MIT', repository: 'a/b', url: 'https://example.com', extra: 1 };
    const page = decodeCompletion(
      JSON.stringify({
        completions: [{ content: 'a + b;', references: [reference] }, { content: '' }, null],
        predictions: [{ completion: { content: 'b + a;' } }, { edit: { content: '- x' } }],
        nextToken: 'more',
      }),
    );
    expect(page).toEqual({
      completions: [
        {
          text: 'a + b;',
          sources: [{ type: 'code', licenseName: 'MIT', repository: 'a/b', url: 'https://example.com' }],
        },
        { text: 'b + a;', sources: [] },
      ],
      nextToken: 'more',
    });
  });

  it('may be empty', () => {
    expect(decodeCompletion('{"completions":[],"nextToken":""}')).toEqual({ completions: [], nextToken: undefined });
    expect(decodeCompletion('{}')).toEqual({ completions: [], nextToken: undefined });
  });

  it.each(['', '[]', '<html>'])('is refused if it is %j', (body) => {
    expect(() => decodeCompletion(body)).toThrow(expect.objectContaining({ code: 'upstream_broken' }));
  });
});
