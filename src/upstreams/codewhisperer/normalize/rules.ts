/** Every adjustment that encoding can make, and its meaning. The passes can record no others. */
import { type Adjustment, adjustment } from '../../../core/adjustments.ts';

export const ADJUSTMENT_RULES = {
  'attachment-repeated':
    'An image or document from earlier in the conversation was referred to instead of being sent again.',
  'attachments-spread':
    'A message had more images or documents than the service accepts at once; the rest were moved to messages of their own.',
  'cache-point-ignored':
    'Prompt cache marks were left out: this model, wire profile or position does not support them.',
  'completion-language-guessed': 'The language was guessed from the code; name the file or the language.',
  'completion-model': 'Inline completion has its own model; the requested one was not used.',
  'completion-window': 'Code further from the cursor than the service reads was left out.',
  'document-inlined': 'A text document was put into the message as text, under its title.',
  'document-name': "A document's name was changed to one the service accepts, or to make names unique.",
  'empty-turn-dropped': 'An assistant or system message without any content was left out.',
  'empty-turn-filled': 'A message without text got a neutral sentence, because the service may refuse white space.',
  'environment-cut': 'Parts of the working environment beyond the service’s limits were left out.',
  'first-aid':
    'The service refused the request without a reason; it was sent once more under the safest readings of doubtful rules.',
  'image-not-supported': 'The chosen model does not accept images; a text placeholder replaces each one.',
  'image-type': "An image's declared type was wrong; the type found in its bytes was sent.",
  'lone-surrogate-replaced': 'Broken characters (unpaired UTF-16 surrogates) were replaced by U+FFFD.',
  'opening-turn-added': 'The conversation began with the assistant; a blank user message was put before it.',
  'output-limit-sent':
    'The model accepts an output limit; it was sent, within the model’s bounds, and the service ends the reply there.',
  'parallel-tool-use-ignored': 'The service cannot be limited to one tool call per reply.',
  'prefill-continued': 'The conversation ended with the assistant; a request to continue was added.',
  'reasoning-default':
    'The request does not mention reasoning; the model’s default effort was sent, as the service’s own clients do.',
  'reasoning-effort-mapped': 'The reasoning effort or budget was mapped to the nearest one this model accepts.',
  'reasoning-extra-dropped': 'A message had several reasoning blocks; the service accepts one, so the last was kept.',
  'reasoning-history-dropped':
    'Reasoning from earlier turns was left out: the service refused it or does not accept it here.',
  'reasoning-named': 'The model’s name asks for an effort or for thinking, which became the reasoning settings.',
  'reasoning-named-overridden':
    'The model’s name asks for different reasoning than the request’s own options, which win.',
  'reasoning-not-off': 'The model always thinks; the lowest effort was sent instead of turning its thinking off.',
  'reasoning-tags': 'The model has no reasoning settings; tags in the system text ask for reasoning.',
  'reasoning-unavailable': 'The model has no reasoning settings; it answers with its own default.',
  'reasoning-unsigned-dropped': 'Reasoning without the service’s signature cannot be sent back and was left out.',
  'system-turn-as-user': 'A system message inside the conversation became user text in a system-reminder wrapper.',
  'tool-choice-ignored': 'The service cannot force a tool call; the model decides.',
  'tool-description-filled': 'A tool without a description got a neutral one, because the service refuses empty ones.',
  'tool-description-moved':
    'A tool description was longer than the service accepts; the remainder was moved to the system text.',
  'tool-duplicate-dropped': 'A tool was declared twice under one name; the first declaration counts.',
  'tool-input-empty-key': 'An empty key in tool arguments was renamed, because the service refuses it.',
  'tool-input-number-rounded':
    'A number in tool arguments is beyond 2^53, where JavaScript rounds: its last digits may have been lost. Send such ids as strings.',
  'tool-input-wrapped': 'Tool arguments that were not a JSON object were wrapped in one.',
  'tool-name-alias':
    'A tool whose name the service refuses was sent under another name; replies use the original name.',
  'tool-placeholder': 'A tool used earlier but no longer declared was declared as unavailable.',
  'tool-result-empty': 'An empty tool result got a neutral note, because the service refuses empty ones.',
  'tool-result-failed-marked':
    'A failed tool result got a line that says so, because the model does not see its status.',
  'tool-result-images-listed': 'Several images came from tool results; a line names the call of each.',
  'tool-result-media-lifted': 'An image or document inside a tool result was attached to the message instead.',
  'tool-result-orphan': 'A tool result without its call in the previous turn became text.',
  'tool-result-reordered': 'Tool results were put into the order of their calls.',
  'tool-results-joined': 'Several results of one tool call were joined into one, in order.',
  'tool-schema-bound-removed': 'A numeric bound too large for the service was left out of a tool schema.',
  'tool-schema-keyword-removed': 'Keywords that the service refuses were left out of a tool schema.',
  'tool-schema-missing': 'A tool without a usable schema got the schema of an object without properties.',
  'tool-schema-null-repaired': 'A null where a tool schema needs a value was left out.',
  'tool-schema-ref-cut': 'A recursive, too deep or unresolvable reference in a tool schema became a plain value.',
  'tool-schema-ref-inlined': 'References in a tool schema were replaced by what they refer to.',
  'tool-schema-required-dropped': 'An empty or broken "required" was left out of a tool schema.',
  'tool-schema-root-merged': 'A choice or combination at the root of a tool schema was merged into one object.',
  'tool-schema-root-object': 'The root of a tool schema was made an object with properties.',
  'tool-use-id-alias': 'A tool call id the service refuses was replaced, in the call and in its result.',
  'tool-use-id-repeated': 'A tool call id was used again for another call; the later call got an id of its own.',
  'tool-use-unanswered': 'A tool call without a result got one that says so.',
  'turn-split': 'A message contained parts that only the other role can have; they became a message of that role.',
  'turns-merged': 'Neighbouring messages of one role were merged, with all their parts.',
} as const satisfies Record<string, string>;

export type AdjustmentRule = keyof typeof ADJUSTMENT_RULES;

export function note(rule: AdjustmentRule, path: string, before?: string, after?: string): Adjustment {
  return adjustment(rule, path, before, after);
}
