/** The CodeWhisperer service (Amazon Q Developer, Kiro) as an upstream. */
import type { Upstream } from '../upstream.ts';
import { decodeCompletion, encodeCompletion } from './completions.ts';
import { createDecoder } from './decode.ts';
import { encodeChat } from './encode.ts';
import { explainFailure } from './failures.ts';
import { mediaLimits } from './media-limits.ts';
import { decodeModels, fixedCatalogue } from './models.ts';
import { encodeListModels } from './operations.ts';
import { resolveModel } from './resolve-model.ts';
import { webSearch } from './web-search.ts';

export const codewhisperer: Upstream = {
  id: 'codewhisperer',
  resolveModel,
  encodeChat,
  createDecoder,
  mediaLimits,
  encodeCompletion,
  decodeCompletion,
  webSearch,
  encodeListModels,
  fixedCatalogue,
  decodeModels,
  explainFailure,
};
