/** Lists the models and asks the cheapest one for a first answer. */
import { randomUUID } from 'node:crypto';
import type { Composed } from '../../compose.ts';
import type { Catalogue, Model } from '../../core/models.ts';
import { ask } from '../../library/ask.ts';
import { systemClock } from '../../transport/clock.ts';
import { type Finding, failed, failedWith, ok, skipped, warning } from './finding.ts';

const PROMPT = 'Reply with the single word: ready';

export async function* answerFindings(
  { gateway }: Pick<Composed, 'gateway'>,
  asksForAnswer: boolean,
  timeoutMs: number,
): AsyncGenerator<Finding> {
  let catalogue: Catalogue;
  try {
    catalogue = await gateway.models(AbortSignal.timeout(timeoutMs));
  } catch (cause) {
    yield failedWith({ check: 'models' }, cause);
    yield skipped({ check: 'answer' }, 'not requested, since the models could not be listed');
    return;
  }
  const { models, defaultModelId } = catalogue;
  const names = `${models.length} ${models.length === 1 ? 'model' : 'models'}, default ${defaultModelId ?? 'unknown'}`;
  yield models.length === 0 ? warning({ check: 'models' }, 'the service lists none') : ok({ check: 'models' }, names);
  if (!asksForAnswer) yield skipped({ check: 'answer' }, 'not requested (--no-answer)');
  else yield await firstAnswer(gateway, cheapest(models)?.id, timeoutMs);
}

/** The service's multiplier of credits; without one, it is not known to be cheap. */
function cheapest(models: readonly Model[]): Model | undefined {
  const rate = ({ rateMultiplier }: Model) => rateMultiplier ?? Number.POSITIVE_INFINITY;
  return models.toSorted((one, other) => rate(one) - rate(other))[0];
}

async function firstAnswer(
  gateway: Composed['gateway'],
  model: string | undefined,
  timeoutMs: number,
): Promise<Finding> {
  const about = { check: 'answer', ...(model === undefined ? {} : { subject: model }) } as const;
  const startMs = systemClock.elapsed();
  try {
    const stream = await ask(gateway, randomUUID(), { prompt: PROMPT, model }, AbortSignal.timeout(timeoutMs));
    const firstMs = systemClock.elapsed() - startMs;
    const { usage, blocks } = await stream.whole();
    if (blocks.length === 0)
      return failed(about, 'the reply is empty', 'Try again; if it stays empty, try another model.');
    const credits = usage.credits ? `, ${usage.credits.value.toFixed(4)} ${usage.creditUnit ?? 'credits'}` : '';
    const seconds = (firstMs / 1000).toFixed(1);
    return ok(about, `answers after ${seconds} s by wire profile ${stream.route.wireProfile}${credits}`);
  } catch (cause) {
    return failedWith(about, cause);
  }
}
