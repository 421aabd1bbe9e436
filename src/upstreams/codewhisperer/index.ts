/** The CodeWhisperer service (Amazon Q Developer, Kiro) as an upstream. */
import type { Upstream } from '../upstream.ts';
import { createProfiles } from './available-profiles.ts';
import { decodeCompletion, encodeCompletion } from './completions.ts';
import { encodeChat } from './encode.ts';
import { explainFailure, requestIdOf } from './failures.ts';
import { firstAid } from './first-aid.ts';
import { mediaLimits } from './media-limits.ts';
import { decodeModels, fixedCatalogue } from './models.ts';
import { encodeListModels } from './operations.ts';
import { SHIPPED_PROFILES, type WireProfiles } from './profiles.ts';
import { resolveModel } from './resolve-model.ts';
import { createUsageLimits } from './usage-limits.ts';
import { createWebSearch } from './web-search.ts';
import { suggestsOtherRegion, suggestsOtherWireProfile } from './wire-trouble.ts';

export function createCodewhisperer(profiles: WireProfiles): Upstream {
  return {
    id: 'codewhisperer',
    resolveModel,
    encodeChat: (conversation, context) => encodeChat(conversation, context, profiles),
    mediaLimits: (access, model) => mediaLimits(access, model, profiles),
    encodeCompletion: (completion, context) => encodeCompletion(completion, context, profiles),
    decodeCompletion,
    webSearch: createWebSearch(profiles),
    encodeListModels: (access, nextToken) => encodeListModels(access, nextToken, profiles),
    fixedCatalogue: (access) => fixedCatalogue(access, profiles),
    decodeModels,
    profiles: createProfiles(profiles),
    usageLimits: createUsageLimits(profiles),
    explainFailure,
    requestIdOf,
    firstAid: (refusal, access) => firstAid(refusal, access, profiles),
    suggestsOtherWireProfile,
    suggestsOtherRegion,
  };
}

/** With the shipped wire profiles only. */
export const codewhisperer: Upstream = createCodewhisperer(SHIPPED_PROFILES);
