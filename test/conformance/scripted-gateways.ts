/** Gateways for a suite of event scripts: scripts that leave the account unchanged share one. */
import type { ScriptedReply } from '../../src/simulator/script.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import type { EventScript } from './event-scripts.ts';

export interface ScriptedGateways {
  /** Runs `work` against a gateway whose upstream sends `replies`. */
  use<T>(
    replies: readonly ScriptedReply[],
    needs: 'shared' | 'own',
    work: (gateway: TestGateway) => Promise<T>,
  ): Promise<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function createScriptedGateways(): ScriptedGateways {
  let shared: Promise<TestGateway> | undefined;
  return {
    async use(replies, needs, work) {
      if (needs === 'own') {
        await using own = await startTestGateway({ script: { replies } });
        return await work(own);
      }
      shared ??= startTestGateway();
      const gateway = await shared;
      gateway.simulator.clearReplies();
      gateway.simulator.addReplies(...replies);
      return work(gateway);
    },
    [Symbol.asyncDispose]: async () => (await shared)?.close(),
  };
}

export function repliesOf({ steps, closing, refuse, isLater }: EventScript): readonly ScriptedReply[] {
  return [
    ...(isLater ? [{ steps: ['Before.'], times: 1 }] : []),
    { ...(steps ? { steps } : {}), ...(closing ? { closing } : {}), ...(refuse ? { refuse } : {}) },
  ];
}

/**
 * A failure may put the account into cooldown, and the meaning of a missing closing event depends on the account's
 * earlier replies: neither may affect the next script.
 */
export function needsOf({ closing, isLater, expected }: EventScript): 'shared' | 'own' {
  return closing || isLater || 'error' in expected ? 'own' : 'shared';
}
