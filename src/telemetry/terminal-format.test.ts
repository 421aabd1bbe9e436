import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatForTerminal } from './terminal-format.ts';

const AT = new Date(2026, 10, 29, 12, 50, 1).toISOString();

function format(fields: object, colour = false): string {
  return formatForTerminal(JSON.stringify({ level: 30, time: AT, ...fields }), colour);
}

const CHAT = {
  requestId: 'req_1',
  method: 'POST',
  path: '/v1/chat/completions',
  status: 200,
  durationMs: 234,
  client: 'local',
  model: 'claude-sonnet-4.5',
  usage: { inputTokens: '130 measured', outputTokens: '45 estimated', credits: '0.1 measured' },
  route: { accountId: 'a1', accountLabel: 'Builder ID', modelId: 'claude-sonnet-4.5' },
  adjustmentCount: 0,
  msg: 'POST /v1/chat/completions 200',
};

describe('a request', () => {
  it('is one line with tokens and account', () => {
    expect(format(CHAT)).toBe('12:50:01 POST /v1/chat/completions 200 0.2s claude-sonnet-4.5 130→~45 tok Builder-ID\n');
  });

  it('names the client key and the number of adjustments, if any', () => {
    expect(format({ ...CHAT, client: 'laptop', adjustmentCount: 2 })).toMatch(
      /Builder-ID client=laptop adjustments=2\n$/,
    );
  });

  it('shows once why it failed and what to do', () => {
    const { usage: _, route: __, ...failed } = CHAT;
    const error = { message: 'No account is signed in. Run `dragoman login`.' };
    expect(format({ ...failed, level: 40, status: 503, code: 'no_account', error })).toBe(
      '12:50:01 POST /v1/chat/completions 503 0.2s claude-sonnet-4.5 no_account: No account is signed in. Run `dragoman login`.\n',
    );
  });

  it('names the invalid field of a request', () => {
    const { usage: _, route: __, model: ___, ...failed } = CHAT;
    expect(format({ ...failed, status: 400, code: 'invalid_request', error: { param: 'messages' } })).toMatch(
      / 400 0\.2s invalid_request \(messages\)\n$/,
    );
  });
});

describe('an event', () => {
  it('shows its level unless it is info, its message and its fields', () => {
    expect(format({ msg: 'shutting down', signal: 'SIGTERM' })).toBe('12:50:01 shutting down signal=SIGTERM\n');
    expect(format({ level: 40, msg: 'the account cools down', accountId: 'a1', why: 'no keys', n: [1] })).toBe(
      '12:50:01 WARN the account cools down accountId=a1 why="no keys" n=[1]\n',
    );
  });

  it('shows the stack trace of an error below it, only at level error', () => {
    const err = {
      type: 'TypeError',
      message: 'x is undefined',
      stack: 'TypeError: x is undefined\n    at f (a.ts:1:2)',
    };
    expect(format({ level: 50, msg: 'unexpected failure', err })).toBe(
      '12:50:01 ERROR unexpected failure err="x is undefined"\n    TypeError: x is undefined\n    at f (a.ts:1:2)\n',
    );
    const outer = { ...err, stack: 'Error: could not draw\n    at g (a.ts:3:4)', cause: err };
    expect(format({ level: 50, msg: 'x', err: outer })).toMatch(
      /at g \(a\.ts:3:4\)\n {4}caused by: TypeError: x is undefined\n {4}at f \(a\.ts:1:2\)\n$/,
    );
    expect(format({ level: 40, msg: 'odd', err })).toBe('12:50:01 WARN odd err="x is undefined"\n');
  });
});

it('cannot be forged by external text', () => {
  const evil = 'x\n12:50:02 POST /v1/messages 200\u001b[2J\u202e';
  for (const line of [
    format({ ...CHAT, path: evil, model: evil, route: { accountLabel: evil }, client: evil }),
    format({ level: 50, msg: evil, [evil]: evil, deep: { text: evil }, err: { message: evil, stack: evil } }),
  ]) {
    expect(line.replaceAll(/\n(?= {4}|$)/g, '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(line).toContain('\\u000a12:50:02');
  }
});

it('is coloured only if requested', () => {
  const coloured = format({ ...CHAT, status: 429, code: 'quota_exhausted' }, true);
  expect(coloured).toContain('\u001b[33m429\u001b[39m');
  expect(stripVTControlCharacters(coloured)).toBe(format({ ...CHAT, status: 429, code: 'quota_exhausted' }));
});

it('keeps a line without a time or with an invalid duration', () => {
  expect(formatForTerminal('{"level":30,"msg":"hello"}', false)).toBe('--:--:-- hello\n');
  expect(format({ ...CHAT, durationMs: 'x' })).toContain(' 200 claude-sonnet-4.5 ');
});
