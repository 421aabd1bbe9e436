/** References: `floor` and `bare` (programs beside this file, each in its own process), and `direct` (no gateway). */
import { join } from 'node:path';
import type { Target } from '../load/job.ts';
import { freePort } from '../processes.ts';
import { bytesTarget, type SubjectKind, untilServing } from './subject.ts';

export const BARE: SubjectKind = bareWith({});

export function bareWith(environment: Readonly<Record<string, string>>): SubjectKind {
  return {
    name: 'bare',
    async start(processes, upstreamPort) {
      const port = await freePort();
      const args = [join(import.meta.dirname, 'bare.ts'), String(port), String(upstreamPort)];
      const env = { PATH: process.env.PATH ?? '', ...environment };
      const started = processes.start('bare', 'subject', process.execPath, args, { env });
      return untilServing('bare', started, processes, [bytesTarget(port)]);
    },
  };
}

/** Those of dragoman's launcher, since they change what a process needs more than its program does. */
export const V8_FLAGS = ['--max-semi-space-size=16', '--v8-pool-size=1'];

export const FLOOR: SubjectKind = {
  name: 'floor',
  async start(processes, upstreamPort) {
    const port = await freePort();
    const args = [...V8_FLAGS, join(import.meta.dirname, 'floor.ts'), String(port), String(upstreamPort)];
    const started = processes.start('floor', 'subject', process.execPath, args);
    const target = (dialect: Target['dialect']): Target => ({
      host: '127.0.0.1',
      port,
      dialect,
      oneDeltaPerFrame: true,
    });
    return untilServing('floor', started, processes, [target('openai-chat'), target('anthropic-messages')]);
  },
};

export const DIRECT: SubjectKind = {
  name: 'direct',
  start: async (_processes, upstreamPort) => ({
    name: 'direct',
    pid: undefined,
    targets: [bytesTarget(upstreamPort)],
    stop: async () => undefined,
  }),
};
