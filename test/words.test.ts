/** Names and phrases that were retired stay out of the code, the messages and the pages. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { textsOf } from './support/source-text.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** In identifiers as one of their words: `WaitingLine`, `waitingLine`, `openWaitingLine`. */
const RETIRED_NAMES = [
  'Admission',
  'AdminHouse',
  'ApartTokenMaker',
  'Desk',
  'Fate',
  'Foreignness',
  'House',
  'NoPlace',
  'PassedOver',
  'Patience',
  'Patiently',
  'RefuseWishes',
  'Roster',
  'SaidBefore',
  'TokenMaker',
  'Turnstile',
  'WaitingLine',
  'Wish',
  'Wishes',
] as const;

interface Phrase {
  readonly retired: RegExp;
  readonly instead: string;
}

const PHRASES: readonly Phrase[] = [
  { retired: /\bnobody\b/i, instead: 'no client, no caller, no account …' },
  { retired: /\b(?:whoever|somebody|someone)\b/i, instead: 'the caller, the client, the request …' },
  { retired: /\bwho waits\b/i, instead: 'a waiting request' },
  {
    retired: /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|later\b|different\b|earlier\b)/i,
    instead: 'is not a',
  },
  { retired: /\b(?:which|that) (?:is|are) none\b/i, instead: 'is not a' },
  { retired: /\bthe service (?:told|tells|says|said)\b/i, instead: 'the service returned' },
  { retired: /\b(?:is|are|was|were) told\b/i, instead: 'is reported as, receives' },
  { retired: /\bpatien(?:ce|t|tly)\b/i, instead: 'maximum wait, retry' },
  { retired: /\bspent\b/i, instead: 'consumed, rotated' },
  { retired: /\bwish(?:es|ed)?\b/i, instead: 'option, request' },
  { retired: /\bfates?\b/i, instead: 'support, what happens to' },
  { retired: /\bpassed over\b/i, instead: 'skipped' },
  {
    retired: /\b(?:account|it|key|which|that|accounts|they) rest(?:s|ed)?\b|\bresting\b/,
    instead: 'cooling down',
  },
  { retired: /\bhands full\b/i, instead: 'busy' },
  { retired: /\bin silence\b/i, instead: 'without a note' },
  { retired: /\banew\b/i, instead: 'again' },
  { retired: /\bshall\b/i, instead: 'must, will' },
  {
    retired: /\b(?:house|desk|roster|turnstile|waiting line)\b/i,
    instead: 'gateway, pipeline, registry, semaphore, queue',
  },
  { retired: /\bhas been given\b/i, instead: 'has received' },
  { retired: /\bcan be had\b/i, instead: 'is available' },
  { retired: /\bto be had\b/i, instead: 'available' },
  { retired: /\bat hand\b/i, instead: 'available' },
  { retired: /\bwhat is to be done\b/i, instead: 'what to do' },
  { retired: /\bthe other way round\b/i, instead: 'the reverse' },
  { retired: /\bspeaks? of\b/i, instead: 'mentions' },
  { retired: /\bof (?:ours|theirs)\b/i, instead: 'our own' },
];

/** What is data and not prose, as `file: match`. */
const DATA: ReadonlySet<string> = new Set([
  // Said by a model.
  'test/conformance/event-scripts.ts: Shall',
  // The bytes of a file that is not an image.
  'test/conformance/messy-sessions.ts: is no ',
  // A text whose tokens are counted.
  'src/core/tokens.test.ts: Nobody',
  // Part of fingerprints that are stored.
  'src/accounts/consumed-tokens.ts: spent',
]);

interface Text {
  readonly place: string;
  readonly text: string;
}

/** Code in Markdown and in comments is not prose. */
function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '`…`');
}

function lineOf(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}

const SOURCES = globSync('{src,test,bench,examples}/**/*.ts', { cwd: ROOT }).filter(
  (path) => path !== 'test/words.test.ts',
);

function proseOf(path: string): readonly Text[] {
  const source = read(path);
  const { comments, strings } = textsOf(path, source);
  const prose = comments.map(({ start, text }) => ({ start, text: withoutCode(text) }));
  // A string with a space in it is prose; others are names of fields and values.
  const sentences = strings.filter(({ text }) => /\S\s+\S/.test(text));
  return [...prose, ...sentences].map(({ start, text }) => ({ place: `${path}:${lineOf(source, start)}`, text }));
}

function pages(): readonly Text[] {
  const paths = globSync(['*.md', 'docs/**/*.md', '.env.example', 'compose.yaml', 'deploy/**/*.{json,yml}'], {
    cwd: ROOT,
  });
  return paths.flatMap((path) =>
    withoutCode(read(path))
      .split('\n')
      .map((text, line) => ({ place: `${path}:${line + 1}`, text })),
  );
}

function violations(texts: readonly Text[]): readonly string[] {
  return texts.flatMap(({ place, text }) => {
    const line = text.replace(/\s*\n\s*\*?\s*/g, ' ');
    return PHRASES.flatMap(({ retired, instead }) => {
      const match = retired.exec(line);
      if (!match || DATA.has(`${place.split(':')[0]}: ${match[0]}`)) return [];
      return [`${place}: "${match[0]}" (${instead})`];
    });
  });
}

describe('retired words', () => {
  const prose = SOURCES.flatMap(proseOf);

  it('are looked for everywhere', () => {
    expect(prose.length).toBeGreaterThan(5_000);
    expect(pages().length).toBeGreaterThan(2_000);
    expect(violations([{ place: 'here', text: 'A key\n * nobody has.' }])).toEqual([
      'here: "nobody" (no client, no caller, no account …)',
    ]);
  });

  it('are in no comment, message or test title', () => {
    expect(violations(prose)).toEqual([]);
  });

  it('are on no page', () => {
    expect(violations(pages())).toEqual([]);
  });

  it('are part of no name', () => {
    const retired = new RegExp(`(?<![A-Za-z])(?:${RETIRED_NAMES.map(inNames).join('|')})(?![a-z])`);
    const found = SOURCES.flatMap((path) => {
      const match = retired.exec(read(path));
      return match ? [`${path}: ${match[0]}`] : [];
    });
    expect(found).toEqual([]);
  });
});

/** At the beginning of an identifier the first letter may be lower case. */
function inNames(name: string): string {
  return `(?:[A-Za-z0-9]*${name}|${name.charAt(0).toLowerCase()}${name.slice(1)})`;
}
