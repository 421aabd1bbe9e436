/** The request's `max_tokens`, for models whose schema has the field: the service then limits the reply itself. */
import type { Adjustment } from '../../core/adjustments.ts';
import type { OutputLimits } from '../../core/conversation.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Model } from '../../core/models.ts';
import { outputLimitRange } from './model-schema.ts';
import { note } from './normalize/rules.ts';
import type { WireProfile } from './profiles.ts';

export interface OutputLimitSettings {
  /** Members of `additionalModelRequestFields`; empty: the limit cannot be sent. */
  readonly fields: Readonly<Record<string, JsonValue>>;
  readonly adjustments: readonly Adjustment[];
}

const NOT_SENT: OutputLimitSettings = { fields: {}, adjustments: [] };

/** A limit below the model's minimum is not sent; one above its maximum is lowered to it. */
export function outputLimitSettings(
  { maxTokens, maxTokensAt = 'max_tokens' }: OutputLimits,
  model: Model | undefined,
  profile: WireProfile,
): OutputLimitSettings {
  const schema = profile.accepts.reasoningSettings ? model?.reasoningSchema : undefined;
  const range = schema && outputLimitRange(schema);
  if (!range || maxTokens === undefined || maxTokens < range.min) return NOT_SENT;
  const limit = Math.min(maxTokens, range.max);
  return {
    fields: { max_tokens: limit },
    adjustments: [note('output-limit-sent', maxTokensAt, String(maxTokens), String(limit))],
  };
}
