#!/usr/bin/env -S node --max-semi-space-size=8
/**
 * The `dragoman` command. Checks the Node version before importing anything, because an older one could not load it.
 *
 * The flag bounds the memory of new objects, which V8 takes only when a process starts. After 2,000 to 4,000 replies of 100 frames,
 * 16 at once, the package uses 180 to 187 MB with 8 MB, and 255 MB without the flag (16 MB). With 2 MB it uses 230: objects
 * that live as long as a reply are then kept as old ones. CPU per reply is the same with 8 and 16. The launcher `dragoman`
 * and package.json pass the flag too.
 */

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
