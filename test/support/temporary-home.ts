/**
 * The environment of a test run: one empty home directory, and none of the developer's settings: what a test does not set itself must not
 * come from `~/.dragoman`, from a sign-in of another program below `~`, or from the shell.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The home directory outside the tests. */
    developerHome: string;
  }
}

/** Where programs look before they look below the home directory. */
const DIRECTORIES = ['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME'];

export default function setup(project: TestProject): () => void {
  project.provide('developerHome', homedir());
  const home = mkdtempSync(join(tmpdir(), 'dragoman-test-home-'));
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('DRAGOMAN_') || DIRECTORIES.includes(name)) delete process.env[name];
  }
  // Read by os.homedir on Windows and elsewhere. Workers inherit the environment of this process.
  process.env.USERPROFILE = home;
  process.env.HOME = home;
  // For workers and for the programs that tests start: most of what a start costs is compiling.
  process.env.NODE_COMPILE_CACHE = join(tmpdir(), 'dragoman-test-cache', 'dragoman');
  return () => rmSync(home, { recursive: true, force: true });
}
