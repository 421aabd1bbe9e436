import { describe, expect, it } from 'vitest';
import { attachmentOf } from '../../../test/support/conversations.ts';
import type { Part } from '../../core/conversation.ts';
import { runAtOnce } from '../../core/steps.ts';
import { parseRequest } from './parse.ts';

const parse = (...messages: object[]) =>
  runAtOnce(parseRequest({ model: 'm', messages }, { header: () => undefined, nowMs: 0 }));
const turns = (...messages: object[]) => parse(...messages).conversation.turns;
const parts = (message: object): readonly Part[] => turns(message)[0]?.parts ?? [];
const user = { role: 'user', content: 'hi' };
const PNG = 'data:image/png;base64,aGk=';

describe('instructions', () => {
  it('at the beginning are the system text, whatever their role', () => {
    const { system, turns } = parse(
      { role: 'system', content: 'Be brief.' },
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b', cache_control: {} },
        ],
      },
      user,
    ).conversation;
    expect(system).toEqual([
      { at: 'messages[0].content', text: 'Be brief.', cachePoint: false },
      { at: 'messages[1].content[0]', text: 'a', cachePoint: false },
      { at: 'messages[1].content[1]', text: 'b', cachePoint: true },
    ]);
    expect(turns).toHaveLength(1);
  });

  it('later are turns of their own, and are dropped if empty', () => {
    expect(turns(user, { role: 'system', content: 'Now in French.' }, { role: 'developer', content: '' })).toEqual([
      expect.objectContaining({ role: 'user' }),
      {
        at: 'messages[1]',
        role: 'system',
        parts: [{ type: 'text', at: 'messages[1].content', text: 'Now in French.' }],
      },
    ]);
  });
});

describe('instructions alone', () => {
  it('are answered: the last one becomes the user message', () => {
    const { conversation, adjustments } = parse(
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'text', text: 'Name a colour.', cache_control: {} }] },
    );
    expect(conversation.system.map(({ text }) => text)).toEqual(['Be brief.']);
    const text = { type: 'text', at: 'messages[1].content[0]', text: 'Name a colour.', cachePoint: true };
    expect(conversation.turns).toEqual([{ at: 'messages[1]', role: 'user', parts: [text] }]);
    expect(adjustments).toEqual([{ rule: 'system-as-user', path: 'messages[1]' }]);
  });
});

describe('a user message', () => {
  it.each<[string, object, readonly object[]]>([
    ['an image', { type: 'image_url', image_url: { url: PNG, detail: 'auto' } }, [image('image/png', 'aGk=')]],
    ['an image given as a bare string', { type: 'image_url', image_url: PNG }, [image('image/png', 'aGk=')]],
    [
      'base64 of the other alphabet, wrapped and without padding',
      { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,_-\n_8' } },
      [image('image/jpeg', '/+/8')],
    ],
    [
      'missing padding',
      { type: 'image_url', image_url: { url: 'data:image/gif;base64,aGk' } },
      [image('image/gif', 'aGk=')],
    ],
    [
      'a document where an image was expected',
      { type: 'image_url', image_url: { url: 'data:application/pdf;base64,aGk=' } },
      [file('application/pdf', undefined)],
    ],
    [
      'a file',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' } },
      [file('application/pdf', 'a.pdf')],
    ],
    [
      'a file of bare base64, typed by its name',
      { type: 'file', file: { filename: 'notes.MD', file_data: 'aGk=' } },
      [file('text/markdown', 'notes.MD')],
    ],
    [
      'a file without any type',
      { type: 'file', file: { file_data: 'aGk=' } },
      [file('application/octet-stream', undefined)],
    ],
    ['an image as a file', { type: 'file', file: { file_data: PNG } }, [image('image/png', 'aGk=')]],
    [
      'a cache mark',
      { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } },
      [{ text: 'x', cachePoint: true }],
    ],
    [
      "OpenAI's cache mark",
      { type: 'text', text: 'x', prompt_cache_breakpoint: {} },
      [{ text: 'x', cachePoint: true }],
    ],
    ['a kind with a text', { type: 'input_text', text: 'x' }, [{ type: 'text', text: 'x' }]],
    [
      'an unknown kind',
      { type: 'place', id: 'p1', name: 'Paris' },
      [{ type: 'text', text: 'place: {"name":"Paris"}' }],
    ],
    ['an unknown kind without words', { type: 'blob', id: 'b1' }, []],
    [
      'an unknown kind with bytes',
      { type: 'blob', data: 'A'.repeat(5000) },
      [{ type: 'text', text: 'blob: {"data":"[5,000 characters of base64, left out]"}' }],
    ],
  ])('may contain %s', (_name, part, expected) => {
    expect(parts({ role: 'user', content: [part] })).toEqual(
      expected.map((one) => expect.objectContaining({ at: 'messages[0].content[0]', ...one })),
    );
  });

  function image(mediaType: string, data: string) {
    return { type: 'image', mediaType, attachment: attachmentOf(data) };
  }
  function file(mediaType: string, name: string | undefined) {
    return { type: 'document', mediaType, name, source: { type: 'attachment', attachment: attachmentOf('aGk=') } };
  }

  it('has its cache mark on its last part', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    expect(parts({ role: 'user', content, cache_control: { type: 'ephemeral' } })).toEqual([
      { type: 'text', at: 'messages[0].content[0]', text: 'a' },
      { type: 'text', at: 'messages[0].content[1]', text: 'b', cachePoint: true },
    ]);
  });

  it('is noted if part of it is unknown or sent as text, identical ones once', () => {
    const text = { type: 'text', text: 'x', mood: 'fine' };
    const content = [text, text, { type: 'place', name: 'Paris' }, { type: 'blob', data: '' }];
    expect(parse({ role: 'user', name: 'Ann', content }).adjustments).toEqual([
      { rule: 'block-as-text', path: 'messages[0].content[2]', before: 'place' },
      { rule: 'block-ignored', path: 'messages[0].content[3]', before: 'blob' },
      { rule: 'field-ignored', path: 'messages[0].name' },
      { rule: 'field-ignored', path: 'messages[0].content[0].mood', before: '2 times' },
    ]);
  });
});

describe('an assistant message', () => {
  const call = (fields: object) => ({ id: 'call_1', type: 'function', function: { name: 'read', ...fields } });

  it.each([[null], [''], [undefined], [[]]])('with the content %j and a call is only the call', (content) => {
    expect(parts({ role: 'assistant', content, tool_calls: [call({ arguments: '{"path":"a"}' })] })).toEqual([
      {
        type: 'tool-use',
        at: 'messages[0].tool_calls[0]',
        toolUseId: 'call_1',
        name: 'read',
        input: { path: 'a' },
      },
    ]);
  });

  it.each([
    ['an object as text', '{"a":[1]}', { a: [1] }],
    ['nothing', '', {}],
    ['white space', ' \n', {}],
    ['null', null, {}],
    ['an object itself', { a: 1 }, { a: 1 }],
    ['text that is not JSON', '{"a":', '{"a":'],
    ['text that is not an object', '"a"', '"a"'],
    [
      'text nested too deeply',
      `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
      `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
    ],
  ])('reads arguments that are %s', (_name, args, input) => {
    expect(parts({ role: 'assistant', tool_calls: [call({ arguments: args })] })).toMatchObject([{ input }]);
  });

  it('keeps reasoning, text, refusals and calls, in this order', () => {
    const message = {
      role: 'assistant',
      reasoning_content: 'Hm.',
      content: [
        { type: 'text', text: 'a' },
        { type: 'refusal', refusal: 'b' },
      ],
      refusal: 'c',
      tool_calls: [{ id: 'x', type: 'custom', custom: { name: 'patch', input: '*** Begin' }, cache_control: {} }],
    };
    expect(parts(message)).toEqual([
      { type: 'reasoning', at: 'messages[0].reasoning_content', text: 'Hm.' },
      { type: 'text', at: 'messages[0].content[0]', text: 'a' },
      { type: 'text', at: 'messages[0].content[1]', text: 'b' },
      { type: 'text', at: 'messages[0].refusal', text: 'c' },
      {
        type: 'tool-use',
        at: 'messages[0].tool_calls[0]',
        toolUseId: 'x',
        name: 'patch',
        input: { input: '*** Begin' },
        cachePoint: true,
      },
    ]);
  });

  it('as the official SDK sends it back needs no note', () => {
    const message = {
      role: 'assistant',
      content: 'a',
      refusal: null,
      annotations: [],
      tool_calls: [call({ arguments: '{}' })],
    };
    expect(parse(user, message).adjustments).toEqual([]);
  });
});

describe('results of tools', () => {
  it('are turns of the user, from a string or from parts', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: PNG } },
    ];
    expect(
      turns(
        { tool_call_id: 'call_1', content: 'done', role: 'tool' },
        { role: 'tool', tool_call_id: 'call_2', content, cache_control: {} },
        { role: 'tool', tool_call_id: 'call_3', content: null },
      ),
    ).toMatchObject([
      {
        role: 'user',
        parts: [{ type: 'tool-result', toolUseId: 'call_1', content: [{ text: 'done' }], isError: false }],
      },
      {
        role: 'user',
        parts: [{ toolUseId: 'call_2', content: [{ text: 'a' }, { mediaType: 'image/png' }], cachePoint: true }],
      },
      { role: 'user', parts: [{ toolUseId: 'call_3', content: [] }] },
    ]);
  });

  it('in the legacy form are paired with their calls by name, one result per call', () => {
    const ask = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"x":1}' } };
    const answer = { role: 'function', name: 'f', content: 'ok' };
    const [first, firstAnswer, second, secondAnswer, orphan] = turns(ask, answer, ask, answer, answer).map(
      ({ parts: [part] }) => (part && 'toolUseId' in part ? part.toolUseId : undefined),
    );
    expect(firstAnswer).toBe(first);
    expect(secondAnswer).toBe(second);
    expect(new Set([first, second, orphan]).size).toBe(3);
  });
});

describe('a message', () => {
  const content = (part: object) => ({ role: 'user', content: [part] });
  it.each<[string, object, string, string, string]>([
    ['no role', { content: '' }, 'messages[0].role', 'invalid_request', 'required'],
    ['no content', { role: 'user' }, 'messages[0].content', 'invalid_request', 'required'],
    ['content of another type', { role: 'user', content: 4 }, 'messages[0].content', 'invalid_request', 'parts'],
    ['malformed text', content({ type: 'text', text: 1 }), 'messages[0].content[0].text', 'invalid_request', 'string'],
    [
      'a data URL without base64',
      content({ type: 'image_url', image_url: { url: 'data:image/png,xyz' } }),
      'messages[0].content[0].image_url.url',
      'invalid_request',
      'base64',
    ],
    [
      'broken base64',
      content({ type: 'image_url', image_url: { url: 'data:image/png;base64,a*b=' } }),
      'messages[0].content[0].image_url.url',
      'invalid_request',
      'base64',
    ],
    [
      'an empty image',
      content({ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }),
      'messages[0].content[0].image_url.url',
      'invalid_request',
      'base64',
    ],
    [
      'an image without URL',
      content({ type: 'image_url' }),
      'messages[0].content[0].image_url',
      'invalid_request',
      'required',
    ],
    [
      'a file by id',
      content({ type: 'file', file: { file_id: 'file-1' } }),
      'messages[0].content[0].file.file_id',
      'unsupported_parameter',
      'file_data',
    ],
    [
      'an empty file',
      content({ type: 'file', file: {} }),
      'messages[0].content[0].file.file_data',
      'invalid_request',
      'required',
    ],
    [
      'audio',
      content({ type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } }),
      'messages[0].content[0]',
      'unsupported_parameter',
      'audio',
    ],
  ])('with %s is rejected', (_name, message, param, code, expected) => {
    expect(() => parse(message)).toThrow(
      expect.objectContaining({ code, param, message: expect.stringContaining(expected) }),
    );
  });
});

describe('images and files as URLs', () => {
  it('are left for the gateway to fetch, with the path of the URL', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'file', file: { filename: 'b.pdf', file_data: 'https://example.com/b.pdf' } },
    ];
    const { conversation } = runAtOnce(
      parseRequest({ model: 'm', messages: [{ role: 'user', content }] }, { header: () => undefined, nowMs: 0 }),
    );
    expect(conversation.turns[0]?.parts).toMatchObject([
      {
        type: 'document',
        mediaType: 'image/*',
        source: { type: 'url', url: 'https://example.com/a.png', at: 'messages[0].content[0].image_url.url' },
      },
      {
        type: 'document',
        name: 'b.pdf',
        mediaType: 'application/pdf',
        source: { type: 'url', url: 'https://example.com/b.pdf', at: 'messages[0].content[1].file.file_data' },
      },
    ]);
  });
});
