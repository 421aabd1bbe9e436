/** Rules on the body as a whole: JSON, and the shape of the operation. */
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { IMPROPERLY_FORMED, validation } from '../refusal.ts';
import { CHAT_SHAPES } from './chat-shape.ts';
import type { RawChat, Rule } from './rule.ts';
import { RUNTIME_CHAT_SHAPE } from './runtime-shape.ts';
import { findShapeFaults, type ShapeFault, type ShapeFaultKind } from './shape.ts';

const NOT_JSON = validation('Improperly formed request.', 'REQUEST_BODY_INVALID_JSON');
const INVALID_BODY = validation('Improperly formed request.', 'REQUEST_BODY_INVALID');

export const BODY_RULES: readonly Rule<RawChat>[] = [
  {
    id: 'body-json',
    says: 'The body is one JSON object in UTF-8.',
    refusal: NOT_JSON,
    broken: ({ body }) => (isJsonObject(body) ? undefined : '$'),
  },
  {
    id: 'text-well-formed',
    says: 'No text has an unpaired surrogate.',
    refusal: NOT_JSON,
    broken: ({ body }) => findBrokenText(body ?? null, '$'),
  },
  {
    id: 'system-prompt',
    says: 'The body has no systemPrompt, although KiroRuntimeService knows the member.',
    refusal: INVALID_BODY,
    broken: ({ family, body }) =>
      family === 'kiro' && isJsonObject(body) && 'systemPrompt' in body ? '$.systemPrompt' : undefined,
  },
  {
    ...shapeRule('body-unknown-member', 'unknown-member', 'The body has no member the operation does not know.'),
    refusal: INVALID_BODY,
    strictOnly: true,
  },
  shapeRule('body-null', 'null-member', 'Nothing absent is sent as null.'),
  shapeRule('body-required', 'missing-member', 'Required members are there, and one member of each union.'),
  shapeRule('body-type', 'wrong-type', 'Each member has the type of its shape.'),
  {
    id: 'body-empty',
    says: 'In KiroRuntimeService, nothing absent is sent as an empty list or object.',
    refusal: IMPROPERLY_FORMED,
    strictOnly: true,
    broken: (input) => (input.family === 'kiro' ? firstOf(input, 'empty') : undefined),
  },
  shapeRule('body-enum', 'not-one-of', 'Enumerated members (the trigger type, origins, statuses) have a known value.'),
  shapeRule('body-limit', 'limit', 'Members keep to the lengths, ranges and patterns of their shapes.'),
  {
    id: 'current-user',
    says: 'The current message is the user’s: a trailing assistant message is not supported.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ body }) => {
      const state = isJsonObject(body) ? body.conversationState : undefined;
      const current = isJsonObject(state) ? state.currentMessage : undefined;
      return isJsonObject(current) && 'userInputMessage' in current ? undefined : '$.conversationState.currentMessage';
    },
  },
];

function shapeRule(id: string, kind: ShapeFaultKind, says: string): Rule<RawChat> {
  return {
    id,
    says,
    refusal: IMPROPERLY_FORMED,
    broken: (input) => firstOf(input, kind),
  };
}

function firstOf(input: RawChat, kind: ShapeFaultKind): string | undefined {
  return faultsOf(input).find((fault) => fault.kind === kind)?.path;
}

function shapeOf({ family, operation, flavour }: RawChat) {
  return family === 'kiro' ? RUNTIME_CHAT_SHAPE : CHAT_SHAPES[operation][flavour];
}

/** Caches the shape check, which all shape rules share. */
const walked = new WeakMap<RawChat, readonly ShapeFault[]>();

function faultsOf(input: RawChat): readonly ShapeFault[] {
  const known = walked.get(input);
  if (known) return known;
  const faults = findShapeFaults(input.body ?? null, shapeOf(input));
  walked.set(input, faults);
  return faults;
}

function findBrokenText(value: JsonValue, path: string): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : path;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const fault = findBrokenText(item, `${path}[${index}]`);
      if (fault !== undefined) return fault;
    }
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const fault = name.isWellFormed() ? findBrokenText(member, `${path}.${name}`) : path;
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}
