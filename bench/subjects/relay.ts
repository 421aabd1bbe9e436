/** References without a protocol of their own: `bare` (bare.ts in its own process) and `direct` (no gateway). */
import { join } from 'node:path';
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

export const DIRECT: SubjectKind = {
  name: 'direct',
  start: async (_processes, upstreamPort) => ({
    name: 'direct',
    pid: undefined,
    targets: [bytesTarget(upstreamPort)],
    stop: async () => undefined,
  }),
};
