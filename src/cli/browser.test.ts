import { describe, expect, it } from 'vitest';
import { isGraphical, openCommand } from './browser.ts';

describe('the browser', () => {
  it.each<[NodeJS.ProcessEnv, NodeJS.Platform, boolean]>([
    [{ DISPLAY: ':0' }, 'linux', true],
    [{ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', true],
    [{}, 'linux', false],
    [{}, 'darwin', true],
    [{ SSH_CONNECTION: '1 2 3 4' }, 'darwin', false],
    [{ CI: 'true', DISPLAY: ':0' }, 'linux', false],
  ])('with %j on %s can be opened: %s', (env, platform, graphical) => {
    expect(isGraphical(env, platform)).toBe(graphical);
  });

  it.each<NodeJS.Platform>(['linux', 'darwin', 'win32'])(
    'gets the address as one argument on %s, never through a shell',
    (platform) => {
      const url = 'https://example.com/?a=1&calc.exe "$(id)"';
      const [command, args] = openCommand(url, platform);
      expect(command).not.toMatch(/^(?:sh|cmd|powershell)/);
      expect(args.at(-1)).toBe(url);
    },
  );
});
