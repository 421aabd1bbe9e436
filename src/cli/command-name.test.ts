import { describe, expect, it } from 'vitest';
import { commandName, withCommandName } from './command-name.ts';

const CHECKOUT = '/home/me/dragoman/tools/start.js';
const SOURCES = '/home/me/dragoman/src/main.ts';
const PACKAGE = '/usr/lib/node_modules/dragoman/dist/main.js';

describe('commandName', () => {
  it.each([
    ['the launcher, in its folder', CHECKOUT, '/home/me/dragoman', {}, './dragoman'],
    ['the launcher, from below', CHECKOUT, '/home/me/dragoman/docs', {}, '../dragoman'],
    ['the launcher, from elsewhere', CHECKOUT, '/etc/ssl', {}, '/home/me/dragoman/dragoman'],
    ['npm start', CHECKOUT, '/home/me/dragoman', { npm_lifecycle_event: 'start' }, './dragoman'],
    ['the sources', SOURCES, '/home/me/dragoman/docs', {}, '../dragoman'],
    ['npm run cli', CHECKOUT, '/home/me/dragoman', { npm_lifecycle_event: 'cli' }, 'npm run cli --'],
    ['npx', PACKAGE, '/home/me', { npm_command: 'exec' }, 'npx dragoman'],
    ['an installed command', PACKAGE, '/home/me', {}, 'dragoman'],
  ])('knows %s', (_, file, folder, env, name) => {
    expect(commandName(file, folder, env)).toBe(name);
  });
});

describe('withCommandName', () => {
  it('rewrites commands but not the product name', () => {
    const text =
      'dragoman serves. Run `dragoman login`, or:\n  $ dragoman chat "dragoman is"\n  $ KEY=… dragoman serve\n';
    expect(withCommandName(text, './dragoman')).toBe(
      'dragoman serves. Run `./dragoman login`, or:\n  $ ./dragoman chat "dragoman is"\n  $ KEY=… ./dragoman serve\n',
    );
  });
});
