import { describe, expect, it } from 'vitest';
import { EVENT_SCRIPTS } from '../../test/conformance/event-scripts.ts';
import type { Script } from './script.ts';
import { parseScript, readScript } from './script-file.ts';
import { DEFAULT_SERVICE } from './service.ts';

const parse = (value: unknown) => parseScript(JSON.stringify(value), 'replies.json');

describe('a script file', () => {
  it('may hold every kind of reply the conformance scripts use', () => {
    const script: Script = {
      replies: EVENT_SCRIPTS.map(({ steps, closing, refuse }) => ({
        ...(steps ? { steps } : {}),
        ...(closing ? { closing } : {}),
        ...(refuse ? { refuse } : {}),
      })),
    };
    expect(parse(script)).toEqual(script);
  });

  it('may hold conditions, pauses, cuts and closing events', () => {
    const script: Script = {
      replies: [
        {
          when: { model: 'auto', text: 'hi', request: 2, tools: true, toolResults: false },
          times: 3,
          steps: [{ gapMs: 5 }, { contextPercentage: 3 }, { cut: 'stall' }, { cut: 'end', half: true }],
          closing: { tokenUsage: true },
        },
        { steps: ['cut off'], closing: [] },
        { steps: ['done'], closing: ['contextUsage', 'stopReason', 'tokenUsage', 'metering'] },
      ],
    };
    expect(parse(script)).toEqual(script);
  });

  it('may set the variant of the service', () => {
    const script: Script = { replies: [], service: DEFAULT_SERVICE };
    expect(parse(script)).toEqual(script);
  });

  it('may refuse by host, form, operation and body, after a number of chats', () => {
    const when = {
      host: 'q',
      flavour: 'rest',
      operation: 'InvokeMCP',
      afterChats: 3,
      body: '"x"',
      userAgent: '^aws',
    } as const;
    const script: Script = { replies: [], refusals: [{ when, refuse: { status: 404 } }] };
    expect(parse(script)).toEqual(script);
  });

  it.each([
    [
      'an invalid pattern',
      { replies: [], refusals: [{ when: { body: '(' }, refuse: { status: 400 } }] },
      /at refusals\[0\]/,
    ],
    ['hosts that do not exist', { replies: [], service: { hosts: 'aws' } }, /at service\.hosts/],
    ['another shape', { rules: [] }, /replies\.json is invalid at replies/],
    ['an unknown condition', { replies: [{ when: { words: 'x' } }] }, /at replies\[0\]\.when.*words/],
    [
      'a step of no kind',
      { replies: [{ steps: ['a', { say: 'b' }] }] },
      /at replies\[0\]\.steps\[1\]: a step must be a text/,
    ],
    ['a step with a wrong member', { replies: [{ steps: [{ gapMs: 'long' }] }] }, /at replies\[0\]\.steps\[0\]\.gapMs/],
    ['an unknown cut', { replies: [{ steps: [{ cut: 'saw' }] }] }, /at replies\[0\]\.steps\[0\]\.cut/],
    ['an unknown closing event', { replies: [{ closing: ['bow'] }] }, /at replies\[0\]\.closing/],
    ['an invalid error response', { replies: [{ refuse: { status: 200 } }] }, /at replies\[0\]\.refuse\.status/],
  ])('with %s is rejected with its position', (_, value, message) => {
    expect(() => parse(value)).toThrow(message);
  });

  it('that is missing or invalid JSON is rejected by name', async () => {
    expect(() => parseScript('{', 'replies.json')).toThrow(/replies\.json is not valid JSON/);
    await expect(readScript('/nonexistent/replies.json')).rejects.toThrow(
      /Could not read the script \/nonexistent\/replies\.json/,
    );
  });
});
