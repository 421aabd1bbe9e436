import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalUrl, dialectOf } from './paths.ts';

describe('canonicalUrl', () => {
  it.each([
    ['/v1/messages', '/v1/messages'],
    ['/messages?beta=true', '/v1/messages?beta=true'],
    ['/v1/v1/v1/models', '/v1/models'],
    ['/openai/v1/models/a%2Fb', '/v1/models/a%2Fb'],
    ['/anthropic/messages/count_tokens', '/v1/messages/count_tokens'],
    ['//v1//models/', '/v1/models'],
    ['/openai', '/v1'],
    ['/v1', '/v1'],
    ['/', '/'],
    ['/health/', '/health'],
    ['/docs?x=//', '/docs?x=//'],
    ['/v2/keys', '/v2/keys'],
    ['/openai/health', '/v1/health'],
    ['*', '/'],
  ])('%s is %s', (url, canonical) => {
    expect(canonicalUrl(url)).toBe(canonical);
  });

  it('has nothing to do a second time, whatever the path', () => {
    const segment = fc.constantFrom(
      'v1',
      'openai',
      'anthropic',
      'chat',
      'completions',
      'messages',
      'models',
      'x',
      '',
      '%2e',
      '..',
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
        const once = canonicalUrl(`/${segments.join('/')}`);
        // A vendor's name is taken off once: behind it may stand anything.
        fc.pre(!/^\/v1\/(?:v1|openai|anthropic)\b/.test(once));
        expect(canonicalUrl(once)).toBe(once);
      }),
      { seed: 42, numRuns: 500 },
    );
  });
});

describe('dialectOf', () => {
  it.each([
    ['/v1/chat/completions', { 'anthropic-version': '2023-06-01' }, 'openai'],
    ['/v1/messages', {}, 'anthropic'],
    ['/anthropic/v1/models', {}, 'anthropic'],
    ['/v1/models', {}, 'openai'],
    ['/v1/models', { 'anthropic-version': '2023-06-01' }, 'anthropic'],
    ['/nothing', {}, 'openai'],
  ])('%s with %j is %s', (url, headers, dialect) => {
    expect(dialectOf(url, canonicalUrl(url), headers)).toBe(dialect);
  });
});
