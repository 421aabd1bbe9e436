/** Checks a reply's events against the grammar of core/reply.ts. */
import { isJsonObject } from '../../src/core/json.ts';
import type { ReplyEvent } from '../../src/core/reply.ts';

/** undefined if the events are a complete reply, otherwise the first fault. */
export function checkGrammar(events: readonly ReplyEvent[]): string | undefined {
  if (events[0]?.type !== 'reply-start') return 'the reply does not begin with reply-start';
  const state: State = { open: undefined, json: [], searchId: undefined };
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
  /** The open tool use's input. */
  json: string[];
  /** Of the latest search. */
  searchId: string | undefined;
}

function checkEvent(event: ReplyEvent, state: State, isFirst: boolean, isLast: boolean): string | undefined {
  const ends = event.type === 'reply-end' || event.type === 'reply-error';
  if (isLast && !ends) return 'the reply has no end';
  if (!isLast && ends) return 'something follows the end';
  switch (event.type) {
    case 'reply-start':
      return isFirst ? undefined : 'a second beginning';
    case 'text-start':
      return start('text', state);
    case 'reasoning-start':
      return start('reasoning', state);
    case 'tool-use-start':
      state.json = [];
      if (event.toolUseId === '' || event.name === '') return 'without id or name';
      return start('tool-use', state);
    case 'text-delta':
      return inside('text', state);
    case 'reasoning-delta':
      return inside('reasoning', state);
    case 'tool-use-delta':
      state.json.push(event.json.plain);
      return inside('tool-use', state);
    case 'text-end':
      return end('text', state);
    case 'reasoning-end':
      return end('reasoning', state);
    case 'tool-use-end':
      return isInput(state.json.join('')) ? end('tool-use', state) : 'the input is not a JSON object';
    case 'web-search-start':
      state.searchId = event.searchId;
      return start('web-search', state);
    case 'web-search-end':
      return event.searchId === state.searchId ? end('web-search', state) : 'the end of another search';
    case 'text-citation':
      return inside('text', state);
    case 'redacted-reasoning':
    case 'source':
    case 'reply-end':
      return state.open && `inside a ${state.open} block`;
    case 'reply-error':
      return undefined;
  }
}

function start(kind: BlockKind, state: State): string | undefined {
  if (state.open) return `inside a ${state.open} block`;
  state.open = kind;
  return undefined;
}

function inside(kind: BlockKind, state: State): string | undefined {
  return state.open === kind ? undefined : `outside a ${kind} block`;
}

function end(kind: BlockKind, state: State): string | undefined {
  const fault = inside(kind, state);
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
