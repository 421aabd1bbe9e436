/**
 * Inline completion: encodes the code around the cursor as a GenerateCompletions request, and decodes the response.
 * Shapes and limits as in the published service model (AmazonCodeWhispererService 2022-11-11, GenerateCompletions).
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type { CodeCompletion, RelatedCode } from '../../core/code-completion.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { estimateTokens } from '../../core/tokens.ts';
import { estimated } from '../../core/usage.ts';
import type { CompletionContext, CompletionPage, EncodedCompletion } from '../upstream.ts';
import { codeFile } from './code-language.ts';
import { note } from './normalize/rules.ts';
import { operationRequest, profileArnFor } from './operations.ts';
import { parseResponse } from './parse-response.ts';
import { SHIPPED_PROFILES, type WireProfiles } from './profiles.ts';
import { codeReferences } from './sources.ts';
import type { GenerateCompletionsRequest, SupplementalContext } from './wire.ts';

const LIMITS = {
  /** UTF-16 units on either side of the cursor. */
  sideChars: 10_240,
  nameChars: 1_024,
  results: 10,
  related: 20,
  relatedChars: 10_240,
  /** Of all pieces together, as in the vendor's own language server. */
  relatedTotalChars: 20_480,
};

/** Throws `feature_not_supported` if the wire profile has no such operation, and `profile_required`. */
export function encodeCompletion(
  completion: CodeCompletion,
  context: CompletionContext,
  profiles: WireProfiles = SHIPPED_PROFILES,
): EncodedCompletion {
  const { access, references, nextToken, invocation } = context;
  const profileArn = profileArnFor(profiles.of(access), 'GenerateCompletions', access);
  const file = codeFile(completion);
  const left = leftWindow(completion.prefix);
  const right = rightWindow(completion.suffix);
  const related = relatedContexts(completion.related);
  const body: GenerateCompletionsRequest = {
    fileContext: {
      leftFileContent: left,
      rightFileContent: right,
      filename: file.fileName.slice(-LIMITS.nameChars).toWellFormed(),
      programmingLanguage: { languageName: file.language },
    },
    maxResults: Math.min(completion.choices, LIMITS.results),
    referenceTrackerConfiguration: { recommendationsWithReferences: references === 'allow' ? 'ALLOW' : 'BLOCK' },
    ...(related.length === 0 ? {} : { supplementalContexts: related }),
    ...(nextToken === undefined ? {} : { nextToken }),
    ...(profileArn === undefined ? {} : { profileArn }),
  };
  const adjustments: Adjustment[] = [note('completion-model', 'model', completion.model.slice(0, 100))];
  if (left.length < completion.prefix.length)
    adjustments.push(windowNote(completion.at.prefix, completion.prefix, left));
  if (right.length < completion.suffix.length)
    adjustments.push(windowNote(completion.at.suffix, completion.suffix, right));
  if (file.isGuess)
    adjustments.push(note('completion-language-guessed', completion.at.prefix, undefined, file.language));
  const read = [left, right, ...related.map(({ content }) => content)];
  return {
    request: operationRequest('GenerateCompletions', JSON.stringify(body), access, { profiles, invocation }),
    adjustments,
    inputTokens: estimated(read.reduce((sum, text) => sum + estimateTokens(text), 0)),
  };
}

/** Throws `upstream_broken` for a body of another shape. */
export function decodeCompletion(body: string): CompletionPage {
  const answer = parseResponse(body, 'GenerateCompletions');
  const completions = [...objects(answer.completions), ...objects(answer.predictions).flatMap(completionOf)];
  const { nextToken } = answer;
  return {
    completions: completions.flatMap(({ content, references }) =>
      typeof content === 'string' && content !== '' ? [{ text: content, sources: codeReferences({ references }) }] : [],
    ),
    nextToken: typeof nextToken === 'string' && nextToken !== '' ? nextToken : undefined,
  };
}

/** Edits elsewhere in the file are left out: a completion API returns only text at the cursor. */
function completionOf({ completion }: JsonObject): JsonObject[] {
  return isJsonObject(completion) ? [completion] : [];
}

/** The end of the text, from the start of a line if one is near. */
function leftWindow(text: string): string {
  if (text.length <= LIMITS.sideChars) return text.toWellFormed();
  const window = text.slice(-LIMITS.sideChars);
  const line = window.indexOf('\n') + 1;
  return (line > 0 && line <= NEAR_CHARS ? window.slice(line) : withoutCutPairs(window)).toWellFormed();
}

function rightWindow(text: string): string {
  if (text.length <= LIMITS.sideChars) return text.toWellFormed();
  const window = text.slice(0, LIMITS.sideChars);
  const line = window.lastIndexOf('\n') + 1;
  return (LIMITS.sideChars - line <= NEAR_CHARS ? window.slice(0, line) : withoutCutPairs(window)).toWellFormed();
}

const NEAR_CHARS = 400;

/** The cut may have split a surrogate pair. */
function withoutCutPairs(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
}

/** The most related pieces that fit. */
function relatedContexts(related: readonly RelatedCode[]): readonly SupplementalContext[] {
  const contexts: SupplementalContext[] = [];
  let room = LIMITS.relatedTotalChars;
  for (const { fileName, text } of related.toReversed()) {
    const content = withoutCutPairs(text.slice(0, Math.min(room, LIMITS.relatedChars))).toWellFormed();
    const filePath = fileName.slice(-LIMITS.nameChars).toWellFormed();
    if (content.trim() === '' || filePath === '') continue;
    if (contexts.length === LIMITS.related) break;
    contexts.unshift({ filePath, content });
    room -= content.length;
  }
  return contexts;
}

function windowNote(path: string, text: string, window: string): Adjustment {
  return note('completion-window', path, `${text.length} characters`, `${window.length}`);
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
