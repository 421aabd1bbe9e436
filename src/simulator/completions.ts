/** GenerateCompletions: checks the limits of the published model, then replies by script or from the code itself. */
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { authenticate, checkOptionalProfile } from './authentication.ts';
import { type Answer, type Call, json, membersOf, textOf } from './call.ts';
import { IMPROPERLY_FORMED, Refused } from './refusal.ts';
import type { ScriptedCompletion } from './script.ts';
import type { World } from './world.ts';

type Found = NonNullable<ScriptedCompletion['found']>;

export function generateCompletions(call: Call, world: World): Answer {
  const accountState = authenticate(call, world);
  const members = membersOf(call);
  checkOptionalProfile(accountState, textOf(members.profileArn));
  const { left, blocksReferences, most, from } = checkCompletion(members);
  const scripted = world.completions.find(({ when }) => left.includes(when?.left ?? ''));
  if (scripted?.refuse) throw new Refused(scripted.refuse, 'script');
  const all: Found = scripted?.found ?? builtIn(left);
  const allowed = all.filter(({ references = [] }) => !(blocksReferences && references.length > 0));
  const to = from + most;
  const completions = allowed.slice(from, to).map(({ content, references = [] }) => ({
    content,
    references,
    mostRelevantMissingImports: [],
  }));
  const nextToken = to < allowed.length ? Buffer.from(`at ${to}`).toString('base64') : '';
  return json({ completions, nextToken }, { 'x-amzn-sessionid': call.chance.uuid() });
}

const LANGUAGES =
  /^(?:python|javascript|java|csharp|typescript|c|cpp|go|kotlin|php|ruby|rust|scala|shell|sql|json|yaml|vue|tf|tsx|jsx|plaintext|systemverilog|dart|lua|swift|hcl|powershell|r|abap)$/;

/** Throws Refused. */
export function checkCompletion(members: JsonObject) {
  const context = isJsonObject(members.fileContext) ? members.fileContext : refuse('fileContext');
  const left = text(context.leftFileContent, 0, 10_240, 'leftFileContent');
  text(context.rightFileContent, 0, 10_240, 'rightFileContent');
  text(context.filename, 1, 1_024, 'filename');
  const { programmingLanguage } = context;
  const language = isJsonObject(programmingLanguage) ? textOf(programmingLanguage.languageName) : undefined;
  if (!LANGUAGES.test(language ?? '')) refuse('programmingLanguage');
  const most = members.maxResults ?? 1;
  if (typeof most !== 'number' || !Number.isInteger(most) || most < 1 || most > 10) refuse('maxResults');
  checkRelated(members.supplementalContexts ?? []);
  const tracker = members.referenceTrackerConfiguration;
  const preference = isJsonObject(tracker) ? textOf(tracker.recommendationsWithReferences) : undefined;
  if (tracker !== undefined && preference !== 'ALLOW' && preference !== 'BLOCK')
    refuse('referenceTrackerConfiguration');
  return { left, blocksReferences: preference === 'BLOCK', most: Number(most), from: placeOf(members.nextToken) };
}

function checkRelated(contexts: JsonValue): void {
  if (!Array.isArray(contexts) || contexts.length > 20) refuse('supplementalContexts');
  for (const context of Array.isArray(contexts) ? contexts : []) {
    const { filePath, content } = isJsonObject(context) ? context : refuse('supplementalContexts');
    text(filePath, 1, 1_024, 'filePath');
    text(content, 1, 10_240, 'content');
  }
}

function placeOf(nextToken: JsonValue | undefined): number {
  if (nextToken === undefined || nextToken === '') return 0;
  const [, place] = /^at (\d+)$/.exec(Buffer.from(textOf(nextToken) ?? '', 'base64').toString()) ?? [];
  return place === undefined ? refuse('nextToken') : Number(place);
}

function text(value: JsonValue | undefined, least: number, most: number, name: string): string {
  return typeof value === 'string' && value.length >= least && value.length <= most ? value : refuse(name);
}

function refuse(member: string): never {
  throw new Refused(IMPROPERLY_FORMED, 'completions-context', member);
}

/** Builds short completions from the code left of the cursor. */
function builtIn(left: string): Found {
  const parameters = /\(([^()]*)\)\s*\{?\s*(?:\n\s*)?return\s*$/.exec(left)?.[1];
  const names = parameters?.split(',').map((name) => name.trim().replace(/[:=].*$/s, '')) ?? [];
  if (names.length > 0 && names.every((name) => name !== ''))
    return [{ content: `${names.join(' + ')};` }, { content: `${names.toReversed().join(' * ')};` }];
  const isNewLine = /\n\s*$/.test(left) || left === '';
  return [{ content: isNewLine ? '// completed by the simulator' : ' /* completed by the simulator */' }];
}
