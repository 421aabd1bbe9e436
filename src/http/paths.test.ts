import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOLS } from '../protocols/index.ts';
import { ApiPaths, modelInUrl } from './paths.ts';

const paths = new ApiPaths(PROTOCOLS);
const canonicalUrl = (url: string) => paths.canonicalUrl(url);

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
    ['/api/v1/chat/completions', '/v1/chat/completions'],
    ['/api/chat/completions', '/v1/chat/completions'],
    ['/api/openai/v1/models', '/v1/models'],
    ['/api/hello', '/api/hello'],
    ['/api/v2/keys', '/api/v2/keys'],
    ['/v1/openai/chat/completions', '/v1/chat/completions'],
    ['/v1/openai/v1/responses/resp_1', '/v1/responses/resp_1'],
    ['/anthropic/v1/messages?beta=true', '/v1/messages?beta=true'],
    ['/v1/anthropic/messages', '/v1/messages'],
    ['/v1/chat/completions/chat/completions', '/v1/chat/completions'],
    ['/v1/chat/completions/v1/chat/completions?a=b', '/v1/chat/completions?a=b'],
    ['/chat/completions/chat/completions/chat/completions', '/v1/chat/completions'],
    ['/v1/completions/completions', '/v1/completions'],
    ['/v1/fim/completions/fim/completions', '/v1/fim/completions'],
    ['/v1/embeddings/embeddings', '/v1/embeddings'],
    ['/v1/messages/messages', '/v1/messages'],
    ['/v1/messages/v1/messages/count_tokens', '/v1/messages/count_tokens'],
    ['/v1/messages/count_tokens/messages/count_tokens', '/v1/messages/count_tokens'],
    ['/v1/responses/responses', '/v1/responses'],
    ['/v1/responses/responses/resp_1/cancel', '/v1/responses/resp_1/cancel'],
    ['/v1/models/models', '/v1/models'],
    ['/v1/chat/completions/models', '/v1/models'],
    ['/v1/chat/completions/models/a/b', '/v1/models/a/b'],
    ['/v1/models/models/gemini-pro', '/v1/models/models/gemini-pro'],
    ['/v1/models/vendor/model', '/v1/models/vendor/model'],
    ['/v1/responses/compact', '/v1/responses/compact'],
    ['/openai/responses?api-version=preview', '/v1/responses?api-version=preview'],
    [
      '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
      '/v1/chat/completions?api-version=2024-10-21&dragoman-deployment=gpt-4o',
    ],
    ['/openai/deployments/a%2Fb/responses', '/v1/responses?dragoman-deployment=a%2Fb'],
    ['/openai/deployments/a+b&c=d/responses', '/v1/responses?dragoman-deployment=a%2Bb%26c=d'],
    ['/openai/v1/deployments/m/completions', '/v1/completions?dragoman-deployment=m'],
    ['/openai/deployments/m', '/v1/deployments/m'],
    ['/openai/deployments/m/v2/keys', '/v1/deployments/m/v2/keys'],
    ['/deployments/m/chat/completions', '/deployments/m/chat/completions'],
  ])('%s is %s', (url, canonical) => {
    expect(canonicalUrl(url)).toBe(canonical);
  });

  it('is idempotent for every path', () => {
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
        expect(canonicalUrl(once)).toBe(once);
      }),
      { seed: 42, numRuns: 500 },
    );
  });
});

describe('an alias', () => {
  it('never leads to the admin API or to a path that needs no key', () => {
    const pieces = [
      'v1',
      'v2',
      'api',
      'openai',
      'anthropic',
      'deployments',
      'keys',
      'accounts',
      'chat',
      'completions',
      'models',
      '..',
      '.',
      '',
    ];
    const segment = fc.constantFrom(...pieces, '%2e%2e', '%76%32');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 7 }), (segments) => {
        const given = segments.filter((one) => one !== '');
        const canonical = canonicalUrl(`/${segments.join('/')}`).replace(/\?.*/, '');
        // A path outside /v2 stays outside, and one that changes in more than its slashes ends up under /v1.
        if (given[0] !== 'v2') expect(canonical).not.toMatch(/^\/v2\b/);
        if (canonical !== `/${given.join('/')}`) expect(canonical).toMatch(/^\/v1(?:\/|$)/);
      }),
      { seed: 42, numRuns: 2_000 },
    );
  });
});

describe('modelInUrl', () => {
  it.each([
    ['/openai/deployments/gpt-4o/chat/completions?api-version=1', 'gpt-4o'],
    ['/openai/deployments/vendor%2Fmodel%20x/responses', 'vendor/model x'],
    ['/openai/deployments/m/completions?dragoman-deployment=other', 'm'],
    ['/v1/chat/completions?api-version=1', undefined],
  ])('is in %s: %s', (url, model) => {
    expect(modelInUrl(canonicalUrl(url))).toBe(model);
  });
});

describe('the protocol that writes the errors', () => {
  it.each([
    ['/v1/chat/completions', { 'anthropic-version': '2023-06-01' }, 'openai-chat'],
    ['/anthropic/v1/responses', {}, 'openai-responses'],
    ['/v1/fim/nothing', { 'anthropic-version': '2023-06-01' }, 'openai-completions'],
    ['/v1/messages', {}, 'anthropic-messages'],
    ['/anthropic/v1/models', {}, 'anthropic-messages'],
    ['/api/anthropic/nothing', {}, 'anthropic-messages'],
    ['/v1/anthropic/models', {}, 'anthropic-messages'],
    ['/v1/models', {}, 'openai-chat'],
    ['/v1/models', { 'anthropic-version': '2023-06-01' }, 'anthropic-messages'],
    ['/nothing', {}, 'openai-chat'],
    ['/nothing?x=/anthropic', {}, 'openai-chat'],
  ])('for %s with %j is %s', (url, headers, id) => {
    expect(paths.protocolOf(url, canonicalUrl(url), headers).id).toBe(id);
  });
});
