import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillerOf } from './filler.ts';
import { Names } from './names.ts';

describe('names', () => {
  it('have one replacement each, with their own form', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 20 })), fc.string(), (all, salt) => {
        const names = new Names(salt);
        for (const name of all) {
          const replacement = names.of(name);
          expect(names.of(name)).toBe(replacement);
          expect(fillerOf(replacement)).toBe(fillerOf(name));
        }
      }),
      { seed: 42 },
    );
  });

  it('stay apart, also where only their case differs', () => {
    const names = new Names('salt');
    const all = [
      'a',
      'b',
      'c',
      'A',
      'path',
      'Path',
      'read_file',
      'mcp__github__create_issue',
      '文件',
      '目录',
      'x1',
      'x2',
    ];
    expect(new Set(all.map((name) => names.of(name))).size).toBe(all.length);
    expect(names.of('Path').toLowerCase()).toBe(names.of('path').toLowerCase());
    expect(names.of('mcp__github__create_issue')).toMatch(/^[a-z]{3}__[a-z]{6}__[a-z]{6}_[a-z]{5}$/);
  });

  it('differ with the salt', () => {
    expect(new Names('one').of('read_file')).not.toBe(new Names('two').of('read_file'));
  });

  it('keep what an id says about its kind, and the parts that stand alone elsewhere', () => {
    const names = new Names('salt');
    const session = '0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d';
    expect(names.ofId(`user_abc_account__session_${session}`)).toMatch(
      /^user_[a-f]{3}_account__session_[0-9a-f-]{36}$/,
    );
    expect(names.ofId(`user_abc_account__session_${session}`)).toContain(names.ofId(session));
    expect(names.ofId('arn:aws:codewhisperer:us-east-1:123456789012:profile/SECRET')).toMatch(
      /^arn:aws:codewhisperer:us-east-1:[1-9]{9}0[1-9]{2}:profile\/[A-Z]{6}$/,
    );
  });
});
