/** The rule that a refused part suggests: a reading that an account can learn, or members of a wire profile of one's own. */
import type { JsonObject } from '../../../core/json.ts';
import { READING_RULES, type ReadingRuleId } from '../../../upstreams/codewhisperer/readings/rules.ts';
import type { RequestPart } from './neutralize.ts';
import type { SearchResult } from './search.ts';

export interface Suggestion {
  /** For `--learn`. */
  readonly readings?: Readonly<Partial<Record<ReadingRuleId, string>>>;
  /** Members of a wire profile that extends the one in use. */
  readonly profile?: JsonObject;
  /** What the user can do in any case. */
  readonly advice: string;
}

const CONSTRAINTS =
  /\.(?:pattern|format|(?:min|max)(?:Length|Items|Properties)|uniqueItems|minimum|maximum|multipleOf)$/;

export function suggest(result: Extract<SearchResult, { readonly part: RequestPart }>): Suggestion {
  return result.type === 'sum' ? suggestSize(result) : suggestForPart(result.part);
}

function suggestSize({ refused, accepted }: Extract<SearchResult, { type: 'sum' }>): Suggestion {
  if (refused.tools > accepted.tools)
    return { advice: `Offer at most ${accepted.tools} tools, or shorter ones: ${refused.tools} are refused together.` };
  if (refused.messages > accepted.messages)
    return {
      profile: { limits: { historyEntries: Math.max(1, accepted.messages - 1) } },
      advice: `Compact the conversation: ${accepted.messages} messages are accepted, ${refused.messages} are not.`,
    };
  return { advice: 'Shorten the request: its parts are only refused together.' };
}

function suggestForPart({ kind, path, name = '', length = 0 }: RequestPart): Suggestion {
  const learn = (rule: ReadingRuleId, advice: string): Suggestion => {
    return { readings: { [rule]: READING_RULES[rule].safest }, advice };
  };
  switch (kind) {
    case 'cache-point':
      return learn('cache-points', 'Send no cache_control.');
    case 'reasoning':
      return learn('reasoning-history', 'Leave the reasoning of earlier turns out.');
    case 'tool-schema': {
      if (name.endsWith('.additionalProperties')) return learn('additional-properties', `Leave ${path} out.`);
      if (name.endsWith('.required')) return learn('empty-required', `Leave ${path} out.`);
      if (CONSTRAINTS.test(name)) return learn('schema-constraints', `Leave ${path} out.`);
      const keyword = name.slice(name.lastIndexOf('.') + 1);
      const isProperty = /\.properties\.[^.]+$/.test(name);
      const advice = isProperty ? `Rename or remove the property ${path}.` : `Leave ${path} out.`;
      return isProperty ? { advice } : { profile: { schemas: { removedKeywords: [keyword] } }, advice };
    }
    case 'tool-name':
      return /^[a-zA-Z]/.test(name)
        ? { profile: { limits: { toolNameChars: Math.max(8, length - 1) } }, advice: `Rename the tool at ${path}.` }
        : learn('tool-name-start', `Rename the tool at ${path}.`);
    case 'tool-description':
      return {
        profile: { limits: { toolDescriptionChars: Math.max(1, length - 1) } },
        advice: `Shorten or change the description of the tool at ${path} (${length} characters).`,
      };
    case 'call-id':
      return { profile: { limits: { toolUseIdChars: 32 } }, advice: `Change the id of the call at ${path}.` };
    case 'document':
      return { profile: { accepts: { documents: false } }, advice: `Send the text of the document at ${path}.` };
    case 'option':
      return name === 'reasoning'
        ? { profile: { accepts: { reasoningSettings: false } }, advice: 'Leave the reasoning options out.' }
        : { advice: `Leave ${name} out.` };
    case 'image':
      return { advice: `Send the image at ${path} in another format or size, or leave it out.` };
    case 'system':
    case 'text':
    case 'result':
      return {
        advice: `Change the text at ${path} (${length} characters); --send again with a part of it narrows it down.`,
      };
    case 'call-arguments':
      return { advice: `Change the arguments of the call at ${path}.` };
  }
}
