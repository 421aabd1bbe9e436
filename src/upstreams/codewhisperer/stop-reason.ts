/** Why the model stopped: what the service says about it, weighed against what it sent. */
import type { StopReason } from '../../core/reply.ts';

const REPORTED = {
  END_TURN: 'end-turn',
  /** No sequence is ever asked for upstream, so this is no more than an end. */
  STOP_SEQUENCE: 'end-turn',
  TOOL_USE: 'end-turn',
  MAX_TOKENS: 'max-tokens',
  MODEL_CONTEXT_WINDOW_EXCEEDED: 'context-window',
  CONTENT_FILTERED: 'refusal',
  GUARDRAIL_INTERVENED: 'refusal',
  MALFORMED_TOOL_USE: 'malformed',
  MALFORMED_MODEL_OUTPUT: 'malformed',
} as const satisfies Record<string, StopReason | 'malformed'>;

export type WireStopReason = keyof typeof REPORTED;

/** The service has been seen to write them in either case. */
export function parseStopReason(reported: string): WireStopReason | undefined {
  const upper = reported.toUpperCase();
  return Object.hasOwn(REPORTED, upper) ? (upper as WireStopReason) : undefined; // hasOwn is the proof
}

export interface Ending {
  readonly reported: WireStopReason | undefined;
  /** Tool calls which came whole. */
  readonly toolUses: number;
  /** At least 100 % of the context window are in use. */
  readonly windowIsFull: boolean;
  readonly hasText: boolean;
  readonly hasReasoning: boolean;
  /** The closing events did not come, although this account's replies end with them. */
  readonly lacksClosing: boolean;
}

/** undefined: there is no reply, nor a reason why there should be none. `malformed` replies never get here. */
export function decideStop({
  reported,
  toolUses,
  windowIsFull,
  hasText,
  hasReasoning,
  lacksClosing,
}: Ending): StopReason | undefined {
  const said = reported === undefined ? undefined : REPORTED[reported];
  if (said === 'refusal') return said;
  // What the service reports beside tool calls is unreliable. A whole call can be answered whatever came after it.
  if (toolUses > 0) return 'tool-use';
  if (said === 'max-tokens') return said;
  if (said === 'context-window' || (said === undefined && windowIsFull)) return 'context-window';
  if (hasText) return lacksClosing ? 'max-tokens' : 'end-turn';
  // A model which only thought may have meant it so; but then the service says that its turn has ended.
  return hasReasoning && said !== undefined ? 'end-turn' : undefined;
}
