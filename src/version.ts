/** This package's version. It is read from package.json, so that a release changes one file. */
import { readFileSync } from 'node:fs';

export const VERSION = readVersion();

function readVersion(): string {
  // package.json lies one folder up, whether this is src/ or dist/.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : '0.0.0';
}
