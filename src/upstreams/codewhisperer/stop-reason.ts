/** Why the model stopped, from what the service reports and what it sent. */
import type { StopReason } from '../../core/reply.ts';

const REPORTED = {
  END_TURN: 'end-turn',
  /** Stop sequences are never sent upstream, so this is an ordinary end. */
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

/** The service writes them in either case. */
export function parseStopReason(reported: string): WireStopReason | undefined {
  const upper = reported.toUpperCase();
  return Object.hasOwn(REPORTED, upper) ? (upper as WireStopReason) : undefined; // hasOwn is the proof
}

export interface Ending {
  readonly reported: WireStopReason | undefined;
  /** Number of complete tool calls. */
  readonly toolUses: number;
  /** At least 100 % of the context window is in use. */
  readonly windowIsFull: boolean;
  readonly hasText: boolean;
  readonly hasReasoning: boolean;
  /** The closing events are missing, although this account's replies end with them. */
  readonly lacksClosing: boolean;
}

/** undefined: there is no reply and no reason for its absence. `malformed` replies never get here. */
export function decideStop({
  reported,
  toolUses,
  windowIsFull,
  hasText,
  hasReasoning,
  lacksClosing,
}: Ending): StopReason | undefined {
  const meaning = reported === undefined ? undefined : REPORTED[reported];
  if (meaning === 'refusal') return meaning;
  // The stop reason reported with tool calls is unreliable. A complete call can be answered whatever follows it.
  if (toolUses > 0) return 'tool-use';
  if (meaning === 'max-tokens') return meaning;
  if (meaning === 'context-window' || (meaning === undefined && windowIsFull)) return 'context-window';
  if (hasText) return lacksClosing ? 'max-tokens' : 'end-turn';
  // A model may deliberately only think; the service then reports the end of its turn.
  return hasReasoning && meaning !== undefined ? 'end-turn' : undefined;
}
