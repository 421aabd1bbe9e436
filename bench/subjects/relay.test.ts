import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './dragoman.ts';
import { V8_FLAGS } from './relay.ts';

it.each(['dragoman', 'package.json', 'Dockerfile', 'docs/operation.md'])(
  'the references run with the flags of V8 that %s gives dragoman',
  (file) => {
    const flags = /--max-semi-space-size=\d+(?: --[a-z0-9-]+=\d+)*/.exec(readFileSync(join(ROOT, file), 'utf8'));
    expect(flags?.[0]).toBe(V8_FLAGS.join(' '));
  },
);
