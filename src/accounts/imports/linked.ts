/** The credential files of other programs which accounts are linked to, each opened in its own format. */
import { openKiroFile } from '../kiro-file.ts';
import type { CredentialFile } from '../ports.ts';
import type { LinkedSource } from '../sources.ts';

export function openLinked(source: LinkedSource): CredentialFile {
  return openKiroFile(source.path);
}
