import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD_SUPPORT as MESSAGES_SUPPORT } from '../anthropic-messages/fields.ts';
import * as messages from '../anthropic-messages/wire.ts';
import { Notes } from '../notes.ts';
import { OWN_SUPPORT as CHAT_SUPPORT } from '../openai-chat/fields.ts';
import * as chat from '../openai-chat/wire.ts';
import { OWN_SUPPORT as RESPONSES_SUPPORT } from '../openai-responses/fields.ts';
import * as responses from '../openai-responses/wire.ts';
import { check } from '../shape.ts';
import { DIALECT_FIELD_SUPPORT, noteFields, refuseOptions } from './fields.ts';
import { kindOfFields, plainFields } from './plain-fields.ts';

const PROTOCOLS = [
  { name: 'Chat Completions', ...chat, support: CHAT_SUPPORT },
  { name: 'Messages', ...messages, support: MESSAGES_SUPPORT },
  { name: 'Responses', ...responses, support: RESPONSES_SUPPORT },
];

const value = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    'words',
    true,
    false,
    0,
    1,
    1.5,
    -1,
    2 ** 60,
    [],
    ['a'],
    [1],
    {},
    { user_id: 'u' },
  ),
  fc.constantFrom<unknown>(
    { user_id: 1 },
    { include_usage: true },
    { include_usage: 1 },
    { include_usage: true, odd: 1 },
  ),
  fc.constantFrom<unknown>({ effort: 'low' }, { effort: 1 }, { type: 'enabled' }, { odd: 1 }, 'disabled', ['audio']),
);

describe.each(PROTOCOLS)('the fields of a $name request', ({ requestShape, PLAIN_VALUES, support }) => {
  const known = plainFields(requestShape, support, PLAIN_VALUES);
  const names = [
    ...new Set([...Object.keys(requestShape.shape), ...Object.keys({ ...DIALECT_FIELD_SUPPORT, ...support })]),
  ];
  const field = fc.constantFrom(...names, ...names, 'unknown', 'toString', '__proto__');
  const body = fc
    .tuple(
      fc.constantFrom<unknown>('m', 'm', 'm', '', 1),
      fc.uniqueArray(fc.tuple(field, value), { selector: ([name]) => name, maxLength: 4 }),
    )
    .map(([model, fields]) => JSON.parse(JSON.stringify(Object.fromEntries([['model', model], ...fields]))));

  it('pass unchecked only if the shape accepts them unchanged, and unnoted only if nothing is to note', () => {
    const kinds = { plain: 0, noted: 0, unknown: 0 };
    fc.assert(
      fc.property(body, (request) => {
        const kind = kindOfFields(request, known);
        kinds[kind] += 1;
        if (kind === 'unknown') return;
        expect(check(requestShape, request, '')).toEqual(request);
        if (kind === 'noted') return;
        refuseOptions(request, support);
        const notes = new Notes();
        noteFields(request, support, notes);
        expect(notes.adjustments).toEqual([]);
      }),
      { seed: 42, numRuns: 5_000 },
    );
    expect(kinds.plain).toBeGreaterThan(200);
    expect(kinds.noted).toBeGreaterThan(200);
    expect(kinds.unknown).toBeGreaterThan(200);
  });
});
