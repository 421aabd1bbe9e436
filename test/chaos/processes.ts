/** The chaos tests' programs as processes that report when they end. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';

export interface Program<Report> {
  /** Rejects if the process ends without a report. */
  readonly report: Promise<Report>;
  stop(): void;
}

export function startProgram<Report>(name: string, args: readonly string[]): Program<Report> {
  const child = fork(join(import.meta.dirname, name), [...args], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { report: reportOf<Report>(child, name), stop: () => void child.send('stop') };
}

async function reportOf<Report>(child: ChildProcess, name: string): Promise<Report> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} and no report`);
  });
  const [report] = await Promise.race([once(child, 'message'), ended]);
  return report as Report; // from the program of this name beside this file
}

/** In the Kiro IDE's format, with an expired access token. */
export function writeKiroFile(path: string): void {
  const { refreshToken, accessToken, profileArn } = SOCIAL_ACCOUNT;
  const kiro = { accessToken, refreshToken, profileArn, expiresAt: '2020-01-01T00:00:00Z', authMethod: 'social' };
  writeFileSync(path, JSON.stringify(kiro), { mode: 0o600 });
}
