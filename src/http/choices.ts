/** Several answers to one request, each from a gateway request of its own: all of them, or none. */
import type { Adjustment } from '../core/adjustments.ts';
import type { Answer } from '../gateway/ports.ts';

export interface ChoicesRequest {
  /** One for each choice. */
  readonly answers: readonly Answer[];
  /** Stops the answers that have not ended. */
  stop(): void;
}

/** Rejects with the first failure, and stops the others. */
export function askForChoices(
  choices: number,
  ask: (signal: AbortSignal) => Promise<Answer>,
  gone: AbortSignal,
): Promise<ChoicesRequest> {
  return choices === 1 ? ask(gone).then(onlyChoice) : askForSeveral(choices, ask, gone);
}

function onlyChoice(answer: Answer): ChoicesRequest {
  return { answers: [answer], stop: doNothing };
}

async function askForSeveral(
  choices: number,
  ask: (signal: AbortSignal) => Promise<Answer>,
  gone: AbortSignal,
): Promise<ChoicesRequest> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  const signal = AbortSignal.any([gone, stopped.signal]);
  try {
    return { answers: await Promise.all(Array.from({ length: choices }, () => ask(signal))), stop };
  } catch (cause) {
    stop();
    throw cause;
  }
}

function doNothing(): void {}

/** Of all answers, without duplicates. */
export function adjustmentsOf({ answers }: ChoicesRequest): readonly Adjustment[] {
  const [first] = answers;
  if (first && answers.length === 1) return first.adjustments;
  const distinct = new Map<string, Adjustment>();
  for (const { adjustments } of answers)
    for (const adjustment of adjustments) distinct.set(JSON.stringify(adjustment), adjustment);
  return [...distinct.values()];
}
