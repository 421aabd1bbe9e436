import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { fieldsOf, lettersOf, locate, toMs } from './fields.ts';
import { withTokens } from './finding.ts';

const MEMBERS = {
  camel: ['refreshToken', 'accessToken', 'expiresAt'],
  snake: ['refresh_token', 'access_token', 'expires_at'],
} as const;
const EXPIRES_AT_MS = Date.UTC(2026, 0, 5, 11);
const DATES: readonly JsonValue[] = ['2026-01-05T10:00:00Z', 1767607200, 1767607200000, '1767607200'];
const OURS: ReadonlySet<string> = new Set(Object.values(MEMBERS).flat().map(lettersOf));

/** Whatever else a program keeps beside its tokens. */
const others = fc.dictionary(
  fc.string({ minLength: 1 }).filter((key) => !OURS.has(lettersOf(key)) && key !== '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 5 },
) as fc.Arbitrary<Record<string, JsonValue>>; // what it makes is JSON

const tokens = fc
  .record({
    spelling: fc.constantFrom('camel', 'snake'),
    date: fc.constantFrom(...DATES, undefined),
    hasAccessToken: fc.boolean(),
  })
  .map(({ spelling, date, hasAccessToken }) => {
    const [refreshToken, accessToken, expiresAt] = MEMBERS[spelling];
    return {
      [refreshToken]: 'old-refresh',
      ...(hasAccessToken ? { [accessToken]: 'old-access' } : {}),
      ...(date === undefined ? {} : { [expiresAt]: date }),
    };
  });

it('rotated tokens replace the old ones in place, and nothing else changes', () => {
  const property = fc.property(others, others, tokens, fc.boolean(), (beside, within, held, isNested) => {
    const object: JsonObject = isNested ? { ...beside, credentials: { ...within, ...held } } : { ...beside, ...held };
    fc.pre(!isAmbiguous(object));
    const credential = { refreshToken: 'new-refresh', profileArn: undefined };
    const accessToken = { value: 'new-access', expiresAtMs: EXPIRES_AT_MS };
    const next = withTokens(object, locate(object), { credential, accessToken });
    const fields = fieldsOf(locate(next));
    expect(fields).toMatchObject({ refreshToken: 'new-refresh', accessToken: 'new-access' });
    expect(toMs(fields.expiresAt)).toBe(EXPIRES_AT_MS);
    expect(withoutTokens(next)).toEqual(withoutTokens(object));
  });
  fc.assert(property, { seed: 42, numRuns: 500 });
});

/** Members with the names of credential members. */
function isAmbiguous(object: JsonObject): boolean {
  try {
    locate(object);
    return false;
  } catch {
    return true;
  }
}

function withoutTokens(object: JsonObject): JsonValue {
  const kept = JSON.stringify(object, (key, value) => (OURS.has(lettersOf(key)) ? undefined : value));
  return JSON.parse(kept) as JsonValue; // of JSON
}
