/** The options of a conversation that dragoman implements itself because the upstream's wire has no field for them. */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';
import type { Conversation, OutputLimits } from '../../core/conversation.ts';
import type { BoundedCheck } from './bounded-check.ts';
import type { Expectation } from './expectation.ts';
import { ForcedToolUse } from './forced-tool-use.ts';
import { JsonOutput } from './json-output.ts';
import { MaxTokens } from './max-tokens.ts';
import { SingleToolUse } from './single-tool-use.ts';
import { StopSequences } from './stop-sequences.ts';
import type { ReplyTransform } from './transform.ts';

/** The rules of the adjustments recorded here, and what each means. */
export const EMULATION_RULES = {
  'json-emulated': 'The model was instructed to answer in JSON, and the answer was checked before it was sent.',
  'json-repaired': 'The first answer was not the requested JSON; it was sent back once with what was wrong.',
  'json-schema-emulated': 'The model was given the JSON schema, and the answer was validated before it was sent.',
  'json-schema-part-unchecked':
    'A part of the JSON schema cannot be compiled (such as another language’s pattern or an unresolvable reference) and was not checked.',
  'json-words-dropped':
    'JSON was requested; text next to a tool call or before a web search was left out. Noted once the reply has ended.',
  'max-tokens-emulated':
    'The reply is cut where dragoman’s token estimate reaches the limit; the model has no setting for it.',
  'parallel-tool-use-emulated': 'Tool calls after the first of a reply are left out; the service has no such setting.',
  'stop-emulated': 'dragoman ends the reply before the first stop sequence; the service has no such setting.',
  'tool-choice-emulated':
    'A tool call was required: only the tools in question were offered, and a reply without a call was not passed on.',
  'tool-choice-retried': 'The first reply had no tool call; the model was asked once more.',
} as const satisfies Record<string, string>;

export interface EmulationPlan {
  /** Rules by which the encoder reports an option as ignored that is implemented here. */
  readonly fulfilled: ReadonlySet<string>;
  /** The requirement on the reply, if any. The reply is buffered until it is met. */
  readonly expectation: Expectation | undefined;
  /** The adjustments of an attempt. `limitsOutput`: the upstream enforces `max_tokens` itself. */
  adjustmentsFor(limitsOutput: boolean): readonly Adjustment[];
  /** New transforms for each attempt, in the order of application. */
  createTransforms(limitsOutput: boolean): readonly ReplyTransform[];
}

/** `check`: from prepareFormat. Without it the JSON schema is not checked; a plan used only for its transforms needs none. */
export function planEmulation(conversation: Conversation, check?: BoundedCheck): EmulationPlan {
  return needsNone(conversation) ? NOTHING : planFor(conversation, check);
}

const NOTHING: EmulationPlan = {
  fulfilled: new Set(),
  expectation: undefined,
  adjustmentsFor: () => [],
  createTransforms: () => [],
};

/** True for most requests, which need no plan of their own. */
function needsNone({ parallelToolUse, tools, toolChoice, output }: Conversation): boolean {
  return (
    (parallelToolUse || tools.length === 0) &&
    toolChoice.type !== 'required' &&
    toolChoice.type !== 'tool' &&
    output.format.type === 'text' &&
    output.maxTokens === undefined &&
    output.stopSequences.length === 0
  );
}

function planFor(conversation: Conversation, check: BoundedCheck | undefined): EmulationPlan {
  const { format } = conversation.output;
  const adjustments: Adjustment[] = [];
  const fulfilled = new Set<string>();
  const factories: (() => ReplyTransform)[] = [];
  const record = (...adjustment: Parameters<typeof emulationNote>): void => {
    adjustments.push(emulationNote(...adjustment));
  };

  if (!conversation.parallelToolUse && conversation.tools.length > 0) {
    record('parallel-tool-use-emulated', 'parallel_tool_calls');
    fulfilled.add('parallel-tool-use-ignored');
    factories.push(() => new SingleToolUse());
  }
  const expectation = expectationOf(conversation, check);
  if (expectation instanceof ForcedToolUse) {
    record('tool-choice-emulated', 'tool_choice', conversation.toolChoice.type);
  } else if (expectation && format.type !== 'text') {
    const at = format.at ?? 'response_format';
    record(`${format.type}-emulated`, at);
    if (expectation.unchecked.length > 0) record('json-schema-part-unchecked', at, listed(expectation.unchecked));
  }
  const { output } = conversation;
  const limitsFor = (limitsOutput: boolean) => planLimits(limitsOutput ? { ...output, maxTokens: undefined } : output);
  return {
    fulfilled,
    expectation,
    adjustmentsFor: (limitsOutput) => [...adjustments, ...limitsFor(limitsOutput).adjustments],
    createTransforms: (limitsOutput) => [
      ...factories.map((create) => create()),
      ...limitsFor(limitsOutput).createTransforms(),
    ],
  };
}

interface LimitsPlan {
  readonly adjustments: readonly Adjustment[];
  createTransforms(): readonly ReplyTransform[];
}

/** The transforms that end a reply early: at `max_tokens` or at a stop sequence. */
export function planLimits({
  maxTokens,
  maxTokensAt = 'max_tokens',
  stopSequences,
  stopSequencesAt = 'stop',
}: Omit<OutputLimits, 'format'>): LimitsPlan {
  const adjustments: Adjustment[] = [];
  const factories: (() => ReplyTransform)[] = [];
  if (maxTokens !== undefined) {
    adjustments.push(emulationNote('max-tokens-emulated', maxTokensAt, String(maxTokens)));
    factories.push(() => new MaxTokens(maxTokens));
  }
  if (stopSequences.length > 0) {
    adjustments.push(emulationNote('stop-emulated', stopSequencesAt, String(stopSequences.length)));
    factories.push(() => new StopSequences(stopSequences));
  }
  return { adjustments, createTransforms: () => factories.map((create) => create()) };
}

/** The first few pointers, because the headers that carry adjustments are short. */
function listed(pointers: readonly string[]): string {
  const shown = pointers.slice(0, 5).map((pointer) => pointer.slice(0, 80));
  return pointers.length > shown.length ? `${shown.join(', ')}, +${pointers.length - shown.length}` : shown.join(', ');
}

function emulationNote(rule: keyof typeof EMULATION_RULES, path: string, before?: string): Adjustment {
  return adjustment(rule, path, before);
}

/** A required tool call takes precedence: such a reply has no final answer that could be JSON. */
function expectationOf(
  conversation: Conversation,
  check: BoundedCheck | undefined,
): ForcedToolUse | JsonOutput | undefined {
  const { toolChoice, output } = conversation;
  if (toolChoice.type === 'required' || toolChoice.type === 'tool') return new ForcedToolUse(toolChoice, conversation);
  return output.format.type === 'text' ? undefined : new JsonOutput(output.format, check);
}
