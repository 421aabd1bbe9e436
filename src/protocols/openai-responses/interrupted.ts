/**
 * The end of a background response whose own process cannot write it: the process died, or another one cancelled the
 * response. Like the writer's own end, so that clients wait for nothing more.
 */
import type { JsonObject } from '../../core/json.ts';
import { sseEvent } from '../../framing/sse.ts';
import type { ResponseFailure } from './errors.ts';
import { showResponse } from './output-items.ts';

interface Content {
  readonly response: JsonObject;
  /** Undefined unless the response was streamed. */
  readonly events: string | undefined;
}

/** `content`: what the process saved last. */
export function interrupted({ response, events }: Content, status: 'failed' | 'cancelled'): Content {
  // Its output is a list of items created here.
  const output = (response.output ?? []) as readonly JsonObject[];
  const ended: JsonObject = {
    ...response,
    status,
    error: status === 'failed' ? { ...STOPPED } : null,
    output: output.map((item) => (item.status === 'in_progress' ? { ...item, status: 'incomplete' } : item)),
  };
  if (events === undefined) return { response: ended, events };
  const type = 'response.failed';
  const last = { type, sequence_number: nextNumber(events), response: showResponse(ended, false) };
  return { response: ended, events: events + sseEvent(type, JSON.stringify(last)) };
}

const STOPPED: ResponseFailure = {
  code: 'server_error',
  message: 'The gateway was stopped before this response was complete.',
};

/** Events are numbered from 0, and each ends with an empty line. */
function nextNumber(events: string): number {
  return events.split('\n\n').length - 1;
}
