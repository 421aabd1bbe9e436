/** Web search in requests: the tool, the choice of it, and searches that clients send back. */

import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../../core/steps.ts';
import { parseRequest } from './parse.ts';

function parse(fields: object) {
  const input = [{ role: 'user', content: 'Hi' }];
  return runAtOnce(parseRequest({ model: 'm', input, ...fields }, { header: () => undefined, nowMs: 0 }));
}

const fn = { type: 'function', name: 'a', parameters: {} };

describe('the web search tool', () => {
  it.each(['web_search', 'web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11'])(
    'as %s is read as an option',
    (type) => {
      const filters = { allowed_domains: ['a.example'], blocked_domains: null };
      const { conversation, adjustments } = parse({ tools: [fn, { type, filters, external_web_access: true }] });
      expect(conversation.tools.map(({ name }) => name)).toEqual(['a']);
      expect(conversation.webSearch).toEqual({
        at: 'tools[1]',
        maxUses: undefined,
        allowedDomains: ['a.example'],
        blockedDomains: [],
        isRequired: false,
      });
      expect(adjustments).toEqual([]);
    },
  );

  it.each([
    ['named', { type: 'web_search' }],
    ['all there is', 'required'],
  ])('is required when it is %s', (_when, choice) => {
    const { conversation } = parse({ tools: [{ type: 'web_search' }], tool_choice: choice });
    expect(conversation).toMatchObject({ toolChoice: { type: 'auto' }, webSearch: { isRequired: true } });
  });

  it('cannot be chosen if it is not declared', () => {
    expect(() => parse({ tools: [fn], tool_choice: { type: 'web_search' } })).toThrow(/not among the tools/);
  });
});

describe('a search in the history', () => {
  const search = (action: object) => {
    const item = { type: 'web_search_call', id: 'ws_1', status: 'completed', action };
    return parse({ input: [{ role: 'user', content: 'Hi' }, item, { role: 'assistant', content: 'Found it.' }] })
      .conversation.turns;
  };

  it('is a call and its result', () => {
    const turns = search({ type: 'search', query: 'cats', sources: [{ type: 'url', url: 'https://c.example/' }] });
    expect(turns.map(({ role, parts }) => [role, ...parts])).toMatchObject([
      ['user', {}],
      ['assistant', { type: 'tool-use', toolUseId: 'ws_1', name: 'web_search', input: { query: 'cats' } }],
      ['user', { type: 'tool-result', toolUseId: 'ws_1', content: [{ text: 'Found:\nhttps://c.example/' }] }],
      ['assistant', { text: 'Found it.' }],
    ]);
  });

  it('without its pages says where they are, and without a query becomes text', () => {
    const [, , result] = search({ type: 'search', query: 'cats' });
    expect(result?.parts).toMatchObject([{ content: [{ text: 'What was found is in the answer.' }] }]);
    const [, opened] = search({ type: 'open_page', url: 'https://c.example/' });
    expect(opened?.parts).toMatchObject([{ type: 'text', text: expect.stringContaining('https://c.example/') }]);
  });
});
