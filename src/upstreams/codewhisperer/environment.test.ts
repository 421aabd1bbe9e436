import { describe, expect, it } from 'vitest';
import type { Environment } from '../../core/environment.ts';
import { encodeEnvironment } from './environment.ts';

const environment = (change: Partial<Environment> = {}): Environment => ({
  operatingSystem: undefined,
  currentWorkingDirectory: undefined,
  gitStatus: undefined,
  ...change,
});

describe('the working environment', () => {
  const cases: { name: string; input: Environment; context: unknown; cut: string | undefined }[] = [
    { name: 'nothing known', input: environment(), context: {}, cut: undefined },
    {
      name: 'all of it',
      input: environment({
        operatingSystem: 'macos',
        currentWorkingDirectory: '/a',
        gitStatus: 'M b',
      }),
      context: {
        envState: {
          operatingSystem: 'macos',
          currentWorkingDirectory: '/a',
        },
        gitState: { status: 'M b' },
      },
      cut: undefined,
    },
    {
      name: 'a directory that is too long',
      input: environment({ currentWorkingDirectory: `/${'x'.repeat(256)}` }),
      context: {},
      cut: 'currentWorkingDirectory',
    },
    {
      name: 'a long git status',
      input: environment({ gitStatus: 'x'.repeat(5_000) }),
      context: { gitState: { status: 'x'.repeat(4_096) } },
      cut: 'gitStatus',
    },
    {
      name: 'broken characters',
      input: environment({ gitStatus: '\ud800' }),
      context: { gitState: { status: '\ufffd' } },
      cut: undefined,
    },
  ];
  it.each(cases)('$name', ({ input, context, cut }) => {
    const encoded = encodeEnvironment(input);
    expect(encoded.context).toEqual(context);
    expect(encoded.adjustments).toEqual(cut ? [{ rule: 'environment-cut', path: 'environment', before: cut }] : []);
  });
});
