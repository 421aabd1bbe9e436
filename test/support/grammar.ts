/** Holds a reply's events against the grammar of core/reply.ts. */
import { isJsonObject } from '../../src/core/json.ts';
import type { ReplyEvent } from '../../src/core/reply.ts';

/** undefined when the events are a whole reply, else what is wrong with them. */
export function checkGrammar(events: readonly ReplyEvent[]): string | undefined {
  if (events[0]?.type !== 'reply-start') return 'the reply does not begin with reply-start';
  const state: State = { open: undefined, nextIndex: 0, json: [] };
  for (const [at, event] of events.entries()) {
    const isLast = at === events.length - 1;
    const fault = checkEvent(event, state, at === 0, isLast);
    if (fault) return `event ${at} (${event.type}): ${fault}`;
  }
  return undefined;
}

type BlockKind = 'text' | 'reasoning' | 'tool-use' | 'web-search';

interface State {
  open: BlockKind | undefined;
  nextIndex: number;
  /** The open tool use's input. */
  json: string[];
}

function checkEvent(event: ReplyEvent, state: State, isFirst: boolean, isLast: boolean): string | undefined {
  const ends = event.type === 'reply-end' || event.type === 'reply-error';
  if (isLast && !ends) return 'the reply has no end';
  if (!isLast && ends) return 'something follows the end';
  switch (event.type) {
    case 'reply-start':
      return isFirst ? undefined : 'a second beginning';
    case 'text-start':
      return start('text', event.index, state);
    case 'reasoning-start':
      return start('reasoning', event.index, state);
    case 'tool-use-start':
      state.json = [];
      if (event.toolUseId === '' || event.name === '') return 'without id or name';
      return start('tool-use', event.index, state);
    case 'text-delta':
      return inside('text', event.index, state);
    case 'reasoning-delta':
      return inside('reasoning', event.index, state);
    case 'tool-use-delta':
      state.json.push(event.json.plain);
      return inside('tool-use', event.index, state);
    case 'text-end':
      return end('text', event.index, state);
    case 'reasoning-end':
      return end('reasoning', event.index, state);
    case 'tool-use-end':
      return isInput(state.json.join('')) ? end('tool-use', event.index, state) : 'the input is no JSON object';
    case 'web-search-start':
      return start('web-search', event.index, state);
    case 'web-search-end':
      return end('web-search', event.index, state);
    case 'text-citation':
      return inside('text', event.index, state);
    case 'redacted-reasoning': {
      const fault = start('text', event.index, state);
      state.open = undefined;
      return fault;
    }
    case 'source':
    case 'reply-end':
      return state.open && `inside a ${state.open} block`;
    case 'reply-error':
      return undefined;
  }
}

function start(kind: BlockKind, index: number, state: State): string | undefined {
  if (state.open) return `inside a ${state.open} block`;
  if (index !== state.nextIndex) return `index ${index} instead of ${state.nextIndex}`;
  state.open = kind;
  state.nextIndex += 1;
  return undefined;
}

function inside(kind: BlockKind, index: number, state: State): string | undefined {
  if (state.open !== kind) return `outside a ${kind} block`;
  return index === state.nextIndex - 1 ? undefined : `index ${index} instead of ${state.nextIndex - 1}`;
}

function end(kind: BlockKind, index: number, state: State): string | undefined {
  const fault = inside(kind, index, state);
  state.open = undefined;
  return fault;
}

function isInput(json: string): boolean {
  if (json === '') return true;
  try {
    return isJsonObject(JSON.parse(json));
  } catch {
    return false;
  }
}
