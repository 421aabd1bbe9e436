#!/usr/bin/env node
/** The `dragoman` command. Checks the Node version before importing anything, because an older one could not load it. */

/** Must match `engines` in package.json. */
const MIN_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < MIN_NODE) {
  console.error(
    `error: dragoman needs Node ${MIN_NODE} or newer, but this is ${process.version}. Install a newer version from https://nodejs.org.`,
  );
  process.exitCode = 1;
} else {
  await import('./start.ts');
}

export {};
