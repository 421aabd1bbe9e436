import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { CapsuleResult } from '../../http/admin/ports.ts';
import { CapsuleRelay } from './capsule-relay.ts';
import { WorkerCapsules } from './worker-capsules.ts';

/** Workers that have these captures, and their parent. Messages are copied as between processes. */
function setup(...captures: readonly (CapsuleResult | 'silent' | undefined)[]) {
  const clock = createFakeClock();
  const relay = new CapsuleRelay(clock);
  const asked: string[] = [];
  const peers = captures.map((result, index) => ({
    number: index + 2,
    send(message: object) {
      if (!('requestId' in message) || !('id' in message)) return;
      asked.push(`${index + 2} ${message.requestId}`);
      if (result !== 'silent') relay.receive(index + 2, Number(message.id), structuredClone(result));
    },
  }));
  const capsules: WorkerCapsules = new WorkerCapsules((question) => {
    const send = (message: object) => {
      if ('result' in message && 'id' in message)
        capsules.receive(Number(message.id), message.result as CapsuleResult | undefined);
    };
    void relay.find({ number: 1, send }, peers, structuredClone(question));
  });
  return { capsules, asked, clock };
}

const TOO_LARGE: CapsuleResult = { type: 'too-large' };

describe('a worker without the capture of a request', () => {
  it('gets the answer of the worker that has it', async () => {
    const { capsules, asked } = setup(undefined, TOO_LARGE, undefined);
    expect(await capsules.findCapsule('req_1', false)).toEqual(TOO_LARGE);
    expect(asked).toEqual(['2 req_1', '3 req_1', '4 req_1']);
  });

  it('learns that none has it, also if it is alone', async () => {
    expect(await setup(undefined, undefined).capsules.findCapsule('req_1', true)).toBeUndefined();
    expect(await setup().capsules.findCapsule('req_1', true)).toBeUndefined();
  });

  it('does not wait longer than a limited time for one that does not answer', async () => {
    const { capsules, clock } = setup('silent', undefined);
    const found = capsules.findCapsule('req_1', true);
    clock.advance(10_000);
    expect(await found).toBeUndefined();
  });
});
