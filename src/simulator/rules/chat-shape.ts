/**
 * The bodies of GenerateAssistantResponse and SendMessage. Members from @aws/codewhisperer-streaming-client; limits and
 * patterns from the newest service model in AWS's open-source clients. Members whose errors have their own reasons
 * (names, ids, sizes of media) are bounded by the rules instead.
 */
import type { Shape } from './shape.ts';

export const text: Shape = { type: 'string' };
const flag: Shape = { type: 'boolean' };
const whole: Shape = { type: 'integer' };
export const document: Shape = { type: 'document' };
const chars = (minChars: number, maxChars: number): Shape => ({ type: 'string', minChars, maxChars });
export const oneOf = (...values: string[]): Shape => ({ type: 'string', values });
export const list = (of: Shape, most?: number): Shape => ({
  type: 'list',
  of,
  ...(most === undefined ? {} : { most }),
});
export const union = (members: Record<string, Shape>): Shape => ({ type: 'union', members });
/** A star marks required members. */
export function structure(marked: Record<string, Shape>): Extract<Shape, { type: 'structure' }> {
  const members = Object.fromEntries(Object.entries(marked).map(([name, shape]) => [name.replace('*', ''), shape]));
  const required = Object.keys(marked).flatMap((name) => (name.endsWith('*') ? name.slice(0, -1) : []));
  return { type: 'structure', members, required };
}

const cachePoint = structure({ 'type*': oneOf('default') });
const media = union({ bytes: { type: 'blob' } });
const position = structure({ 'line*': whole, 'character*': whole });
const range = structure({ 'start*': position, 'end*': position });
const language = structure({ 'languageName*': chars(1, 128) });
const symbols = list(
  structure({ 'name*': chars(1, 256), 'type*': oneOf('DECLARATION', 'USAGE'), source: chars(1, 256) }),
  1000,
);
const textDocument = structure({
  'relativeFilePath*': chars(1, 4096),
  programmingLanguage: language,
  text: chars(0, 40_000),
  documentSymbols: symbols,
});
const severity = oneOf('ERROR', 'WARNING', 'INFORMATION', 'HINT');
const userIntent = oneOf(
  'SUGGEST_ALTERNATE_IMPLEMENTATION',
  'APPLY_COMMON_BEST_PRACTICES',
  'IMPROVE_CODE',
  'SHOW_EXAMPLES',
  'CITE_SOURCES',
  'EXPLAIN_LINE_BY_LINE',
  'EXPLAIN_CODE_SELECTION',
  'GENERATE_CLOUDFORMATION_TEMPLATE',
  'GENERATE_UNIT_TESTS',
  'CODE_GENERATION',
);
const origin = oneOf(
  ...[
    'AI_EDITOR',
    'CHATBOT',
    'CLI',
    'CONSOLE',
    'DOCUMENTATION',
    'GITLAB',
    'IDE',
    'INLINE_CHAT',
    'KIRO_CLI',
    'KIRO_WEB',
  ],
  ...['MARKETING', 'MD', 'MD_CE', 'MD_IDE', 'MOBILE', 'OPENSEARCH_DASHBOARD', 'Q_DEV_BEXT', 'SAGE_MAKER'],
  ...['SERVICE_INTERNAL', 'SM_AI_STUDIO_IDE', 'UNIFIED_SEARCH', 'UNKNOWN'],
);

const toolResult = structure({
  'toolUseId*': text,
  'content*': list(union({ text, json: document })),
  status: oneOf('success', 'error'),
  toolName: text,
});
const tool = union({
  toolSpecification: structure({ 'name*': text, 'inputSchema*': structure({ json: document }), description: text }),
  cachePoint,
});

const diagnostic = union({
  textDocumentDiagnostic: structure({
    'document*': textDocument,
    'range*': range,
    'source*': text,
    'severity*': severity,
    'message*': chars(0, 1024),
    code: chars(0, 1024),
    codeDescription: structure({ 'href*': chars(1, 1024) }),
    tags: list(oneOf('UNNECESSARY', 'DEPRECATED'), 1024),
    relatedInformation: list(
      structure({ 'location*': structure({ 'uri*': chars(1, 1024), 'range*': range }), 'message*': chars(0, 1024) }),
      1024,
    ),
    data: chars(0, 4096),
  }),
  runtimeDiagnostic: structure({ 'source*': chars(0, 1024), 'severity*': severity, 'message*': chars(0, 1024) }),
});

export const userInputMessageContext = structure({
  editorState: structure({
    document: textDocument,
    cursorState: union({ position, range }),
    relevantDocuments: list(
      structure({
        'relativeFilePath*': chars(1, 4096),
        programmingLanguage: language,
        text: chars(0, 40_960),
        documentSymbols: symbols,
        type: oneOf('FILE', 'PROMPT', 'CODE', 'WORKSPACE'),
      }),
      100,
    ),
    useRelevantDocuments: flag,
    workspaceFolders: list(chars(1, 4096), 100),
  }),
  shellState: structure({
    'shellName*': oneOf('zsh', 'bash', 'fish', 'pwsh', 'nu'),
    shellHistory: list(
      structure({
        'command*': chars(1, 1024),
        directory: chars(1, 256),
        exitCode: whole,
        stdout: chars(0, 4096),
        stderr: chars(0, 4096),
      }),
      20,
    ),
  }),
  gitState: structure({ status: chars(0, 4096) }),
  envState: structure({
    operatingSystem: oneOf('macos', 'linux', 'windows'),
    currentWorkingDirectory: chars(1, 256),
    environmentVariables: list(structure({ key: chars(1, 256), value: chars(1, 1024) }), 100),
    timezoneOffset: { type: 'integer', least: -1440, most: 1440 },
  }),
  appStudioContext: structure({
    'namespace*': chars(1, 1024),
    'propertyName*': chars(1, 1024),
    'propertyContext*': chars(1, 1024),
    propertyValue: chars(0, 10_240),
  }),
  diagnostic,
  consoleState: structure({
    region: text,
    consoleUrl: text,
    serviceId: text,
    serviceConsolePage: text,
    serviceSubconsolePage: text,
    taskName: text,
    uxErrorMessage: text,
  }),
  userSettings: structure({ hasConsentedToCrossRegionCalls: flag }),
  additionalContext: list(
    structure({
      'name*': { type: 'string', minChars: 1, maxChars: 1024, pattern: /^[a-z]+(?:-[a-z0-9]+)*$/ },
      'description*': chars(1, 1024),
      innerContext: chars(1, 8192),
    }),
    20,
  ),
  toolResults: list(toolResult),
  tools: list(tool),
});

export const userInputMessage = structure({
  'content*': text,
  userInputMessageContext,
  userIntent,
  origin,
  images: list(structure({ 'format*': text, 'source*': media })),
  documents: list(structure({ 'name*': text, 'format*': text, 'source*': media })),
  modelId: text,
  cachePoint,
  clientCacheConfig: structure({ useClientCachingOnly: flag }),
});

const link = structure({ 'url*': chars(1, 2048), 'title*': chars(1, 1024), snippet: chars(1, 1024) });
const reference = structure({
  licenseName: chars(1, 1024),
  repository: chars(1, 1024),
  url: chars(1, 1024),
  recommendationContentSpan: structure({ start: whole, end: whole }),
});

export const assistantResponseMessage = structure({
  'content*': text,
  messageId: chars(0, 128),
  supplementaryWebLinks: list(link, 10),
  references: list(reference, 10),
  followupPrompt: structure({ 'content*': chars(0, 4096), userIntent }),
  cachePoint,
  toolUses: list(structure({ 'toolUseId*': text, 'name*': text, 'input*': document })),
  reasoningContent: union({
    reasoningText: structure({ 'text*': text, signature: text }),
    redactedContent: { type: 'blob' },
  }),
});

const chatMessage = union({ userInputMessage, assistantResponseMessage });
export const uuid = chars(36, 36);

const conversationState = structure({
  'currentMessage*': chatMessage,
  'chatTriggerType*': oneOf('MANUAL', 'DIAGNOSTIC', 'INLINE_CHAT'),
  conversationId: text,
  workspaceId: uuid,
  history: list(chatMessage),
  customizationArn: chars(0, 1224),
  agentContinuationId: uuid,
  agentTaskType: oneOf('vibe', 'spectask'),
});

const ARN = /^arn:aws:(codewhisperer|transform):[-.a-z0-9]{1,63}:\d{12}:profile\/[a-zA-Z0-9]{12}$/;
export const profileArn: Shape = { type: 'string', maxChars: 950, pattern: ARN };
const additionalModelRequestFields = document;

/** In REST, `agentMode` is a header, not a member of the body. */
export const CHAT_SHAPES = {
  GenerateAssistantResponse: {
    rest: structure({ 'conversationState*': conversationState, profileArn, additionalModelRequestFields }),
    json: structure({
      'conversationState*': conversationState,
      profileArn,
      additionalModelRequestFields,
      agentMode: text,
    }),
  },
  SendMessage: both(structure({ 'conversationState*': conversationState, profileArn, source: origin, dryRun: flag })),
} as const;

function both(shape: Shape): { readonly rest: Shape; readonly json: Shape } {
  return { rest: shape, json: shape };
}

export type ChatOperation = keyof typeof CHAT_SHAPES;
