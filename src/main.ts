#!/usr/bin/env node
/** The command `dragoman`. Imports nothing before it knows that this Node is new enough: an older one could not load it. */

/** As `engines` in package.json. */
const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  console.error(
    `error: dragoman needs Node ${OLDEST_NODE} or newer, and this is ${process.version}. Install a newer one from https://nodejs.org.`,
  );
  process.exitCode = 1;
} else {
  await import('./start.ts');
}

export {};
