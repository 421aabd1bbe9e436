/**
 * The shape of a wire profile: everything that differs between the ways of reaching the service. Each member's
 * description is its row in docs/wire-profiles.md.
 */
import { z } from 'zod';
import { once } from '../../core/once.ts';
import { isReading } from './readings/rules.ts';

/** Kinds of account, by how they sign in. */
export const ACCOUNT_KINDS = ['builder-id', 'idc', 'social', 'external-idp', 'api-key', 'iam'] as const;

/** Placeholders allowed in a header's value. A header whose placeholder has no value is left out. */
const HEADER_PLACEHOLDERS = ['profileArn', 'tokenType', 'invocationId', 'attempt', 'maxAttempts'] as const;
/** Placeholders allowed in a user agent. */
const USER_AGENT_PLACEHOLDERS = ['platform', 'release', 'node', 'version'] as const;

const HEADER_NAME = /^[a-z0-9-]+$/;
/** Characters that could end a header are refused when the file is read. */
const HEADER_TEXT = /^[\x20-\x7e]+$/;

const kind = once(() => z.enum(ACCOUNT_KINDS));
const count = once(() => z.int().positive());
const flag = once(() => z.boolean());

const headerValue = once(() =>
  z
    .string()
    .regex(HEADER_TEXT, 'expected printable ASCII characters')
    .refine(
      (value) => hasOnly(value, HEADER_PLACEHOLDERS),
      `has an unknown placeholder; use one of ${HEADER_PLACEHOLDERS.map((name) => `{${name}}`).join(', ')}`,
    ),
);

const userAgent = once(() =>
  z
    .string()
    .regex(HEADER_TEXT, 'expected printable ASCII characters')
    .regex(/(?:^| )dragoman\/\{version\}$/, 'must end in dragoman/{version}, so that the gateway identifies itself')
    .refine(
      (value) => hasOnly(value, USER_AGENT_PLACEHOLDERS),
      `has an unknown placeholder; use one of ${USER_AGENT_PLACEHOLDERS.map((name) => `{${name}}`).join(', ')}`,
    ),
);

const plane = once(() =>
  z.strictObject({
    baseUrl: z
      .string()
      .regex(/^https:\/\/[^/\s]+$/, 'expected https://HOST without a path')
      .describe('Host. `{region}` is replaced by the region of the API.'),
    flavour: z
      .enum(['rest', 'json'])
      .describe(
        '`rest`: verb and path, members of a GET in the query. `json`: `POST /` with the operation in a header.',
      ),
    contentType: z.string().regex(HEADER_TEXT).describe('Content type of every request with a body.'),
    userAgent: userAgent().describe(
      'Product tokens in the shape of the AWS SDK, ending in `dragoman/{version}`. Placeholders: `{platform}`, `{release}`, `{node}`, `{version}`.',
    ),
    headers: z
      .record(z.string().regex(HEADER_NAME, 'expected a lower-case header name'), headerValue())
      .describe(
        'Further headers. Placeholders: `{profileArn}`, `{tokenType}`, `{invocationId}`, `{attempt}`, `{maxAttempts}`; a header whose placeholder has no value is left out.',
      ),
    maxAttempts: count().describe('Value of `{maxAttempts}`, and the highest value of `{attempt}`.'),
    profileArn: z
      .enum(['when-known', 'required', 'never'])
      .describe('Whether requests carry the profile ARN. `required`: an account without one cannot use this plane.'),
    badToken: z
      .strictObject({
        status: z.int().min(400).max(499).describe('HTTP status.'),
        name: z.string().min(1).describe('Name of the exception.'),
      })
      .optional()
      .describe('How this plane refuses an access token, if not with 401 or 403.'),
  }),
);

const operation = once(() =>
  z.strictObject({
    plane: z
      .enum(['streaming', 'controlPlane', 'mcp', 'mcpRest'])
      .describe('Which of the planes above serves the operation.'),
    method: z.enum(['GET', 'POST']).describe('HTTP method.'),
    path: z.string().startsWith('/').describe('Path below the host.'),
    target: z.string().regex(HEADER_TEXT).optional().describe('Value of `x-amz-target`. JSON flavour only.'),
    input: z.record(z.string(), z.json()).optional().describe('Members that every request of this operation has.'),
  }),
);

const mcpForm = once(() =>
  operation().extend({
    profileArnInBody: flag().describe('Whether the JSON-RPC request has `profileArn` as another top-level member.'),
    exceptFor: z.array(kind()).optional().describe('Kinds of account for which this form is never tried.'),
  }),
);

const pattern = once(() =>
  z
    .string()
    .refine(isPattern, 'is not a regular expression')
    .transform((source) => new RegExp(source)),
);

const operations = once(() =>
  z
    .strictObject({
      GenerateAssistantResponse: operation().describe('Chat.'),
      ListAvailableModels: operation().optional().describe('The models of an account.'),
      ListAvailableProfiles: operation().optional().describe('The profiles of an organisation.'),
      GetProfile: operation().optional().describe('The profile of an API key.'),
      GetUsageLimits: operation().optional().describe('How much of the plan is left.'),
      GenerateCompletions: operation().optional().describe('Inline completion.'),
      InvokeMCP: z
        .array(mcpForm())
        .min(1)
        .optional()
        .describe('Web search: forms of the request, in the order in which they are tried.'),
    })
    .describe('Operations that the profile supports.'),
);

const body = once(() =>
  z
    .strictObject({
      fields: z
        .array(z.enum(['conversationState', 'profileArn', 'additionalModelRequestFields', 'source', 'agentMode']))
        .describe('Top-level members. The value of `source` is the origin.'),
      conversationStateFields: z
        .array(
          z.enum([
            'chatTriggerType',
            'conversationId',
            'rootConversationId',
            'agentContinuationId',
            'agentTaskType',
            'history',
            'currentMessage',
          ]),
        )
        .describe('Members of `conversationState`.'),
      conversationId: z
        .string()
        .regex(/^[\w-]*\{uuid\}$/, 'expected {uuid} with an optional prefix')
        .describe('Format of conversation ids: `{uuid}` with an optional prefix.'),
      agentTaskType: z.enum(['vibe', 'spectask']).describe('Value of `agentTaskType`.'),
      agentMode: z
        .strictObject({
          main: z.string().min(1).describe('Value for a conversation with a person.'),
          subAgent: z.string().min(1).describe('Value for the conversation of a sub-agent.'),
        })
        .describe('Values of `agentMode`, if `fields` lists it.'),
    })
    .describe('The envelope of a chat request.'),
);

const messages = once(() =>
  z
    .strictObject({
      historyModelId: flag().describe('Whether user messages in the history name the model too.'),
      emptyUser: z.string().describe('Content of a user message without text and without tool results.'),
      emptyUserWithToolResults: z.string().describe('Content of a user message that has only tool results.'),
      emptyAssistant: z.string().describe('Content of an assistant message without text and without tool uses.'),
      emptyAssistantWithToolUses: z.string().describe('Content of an assistant message that has only tool uses.'),
      failedToolResult: z
        .string()
        .min(1)
        .describe('First line of a failed tool result, whose status the model does not see.'),
      acknowledgement: z
        .string()
        .min(1)
        .describe("The assistant's side of the opening pair that carries the system text."),
    })
    .describe('How messages are written.'),
);

const accepts = once(() =>
  z
    .strictObject({
      historyFromAssistant: flag().describe('A history that begins with an assistant message.'),
      environment: flag().describe('`envState` and `gitState`.'),
      reasoningHistory: flag().describe('Reasoning of earlier turns.'),
      reasoningSettings: flag().describe('`additionalModelRequestFields`.'),
      cachePoints: flag().describe('Cache points in messages.'),
      cachePointsInTools: flag().describe('Cache points between tools.'),
      documents: flag().describe('Documents. If `false`, their text is sent.'),
    })
    .describe('What the service accepts. Everything else is left out or rewritten, with a note.'),
);

const limits = once(() =>
  z
    .strictObject({
      historyEntries: count().describe('Messages before the current one.'),
      contentChars: count().describe("UTF-16 units of one message's or one tool result's text."),
      toolNamePattern: pattern().describe('Regular expression that tool names must match.'),
      toolNameChars: count().describe('Characters of a tool name.'),
      toolUseIdPattern: pattern().describe('Regular expression that tool use ids must match.'),
      toolUseIdChars: count().describe('Characters of a tool use id.'),
      toolDescriptionChars: count().describe('UTF-16 units of a tool description.'),
      imagesPerMessage: count().describe('Images in one message.'),
      imageBytes: count().describe('Decoded bytes of an image.'),
      imagePixels: count().describe('Pixels on either side of an image.'),
      imageFitPixels: count().describe('Pixels on either side to which larger images are scaled down.'),
      documentsPerMessage: count().describe('Documents in one message.'),
      documentBytes: count().describe('Decoded bytes of a document.'),
      cachePointsPerRequest: count().describe('Cache points in one request.'),
      searchQueryChars: count().describe('UTF-16 units of a web search query.'),
    })
    .describe('Maxima that the service accepts.'),
);

const schemas = once(() =>
  z
    .strictObject({
      removedKeywords: z
        .array(z.string())
        .transform((keywords) => new Set(keywords))
        .describe('JSON Schema keywords to leave out of tool input schemas.'),
      dropEmptyRequired: flag().describe('Leave out an empty `required`.'),
      maxInteger: count().describe('Numeric bounds whose absolute value is higher are left out.'),
      maxRefDepth: count().describe('Nesting of `$ref`s beyond which one becomes a plain object.'),
    })
    .describe('How input schemas of tools are rewritten.'),
);

export const wireProfileSchema = once(() =>
  z
    .strictObject({
      id: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,40}(?:\/[a-z][a-z0-9-]{0,40})?$/, 'expected lower-case letters, digits and dashes')
        .describe('Name, as used in `DRAGOMAN_WIRE_PROFILE` and `x-dragoman-route`.'),
      description: z.string().min(1).describe('One sentence for `dragoman config --profiles`.'),
      accounts: z
        .partialRecord(kind(), z.number())
        .describe(
          'Position of the profile by kind of account; the lowest number is tried first. A kind that is not listed uses the profile only if `DRAGOMAN_WIRE_PROFILE` names it.',
        ),
      authentication: z
        .enum(['bearer', 'signature'])
        .describe('How requests are authenticated: access token or AWS Signature Version 4.'),
      tokenTypes: z
        .partialRecord(kind(), z.string().regex(HEADER_TEXT))
        .describe('Value of `{tokenType}` by kind of account.'),
      regions: z
        .tuple([z.string()], z.string())
        .describe('Regions that serve the API. Accounts of other regions use the first one.'),
      origin: z.string().min(1).describe("Member of the service's Origin enum. It decides which models are offered."),
      streaming: plane().describe('Chat.'),
      controlPlane: plane().describe('Models, profiles, usage.'),
      mcp: plane().describe("The service's own tools, in the JSON flavour."),
      mcpRest: plane().describe("The service's own tools, at a path of their own."),
      operations: operations(),
      models: z.array(z.string()).optional().describe('Models to list if the profile lacks ListAvailableModels.'),
      vendorProfileArns: z
        .partialRecord(kind(), z.string().startsWith('arn:aws:codewhisperer:'))
        .optional()
        .describe('Profile ARN to send for accounts without one, by kind, where a plane requires one.'),
      body: body(),
      messages: messages(),
      accepts: accepts(),
      contextPercentage: z
        .enum(['of-window', 'unknown'])
        .optional()
        .describe(
          'What `contextUsagePercentage` is a share of: the window that the catalogue lists (default), or `unknown`: input tokens are then estimated.',
        ),
      readings: z
        .record(z.string(), z.string())
        .refine((readings) => Object.entries(readings).every(([rule, reading]) => isReading(rule, reading)), {
          error: 'names a rule or a reading that docs/rules.md does not list',
        })
        .optional()
        .describe('Reading by rule, where sources contradict each other: see [rules](rules.md).'),
      limits: limits(),
      schemas: schemas(),
    })
    .superRefine(checkTargets),
);

/** As in a file that has all its members. */
export type UncheckedProfile = z.input<ReturnType<typeof wireProfileSchema>>;
export type WireProfile = z.infer<ReturnType<typeof wireProfileSchema>>;
export type OperationName = keyof WireProfile['operations'];
type Plane = z.infer<ReturnType<typeof plane>>;
export type Operation = z.infer<ReturnType<typeof operation>>;
export type McpForm = z.infer<ReturnType<typeof mcpForm>>;

/** A target is named exactly where the plane needs one. */
function checkTargets(
  profile: Readonly<Record<Operation['plane'], Plane>> & {
    readonly operations: z.infer<ReturnType<typeof operations>>;
  },
  context: z.core.$RefinementCtx,
): void {
  const { InvokeMCP: forms = [], ...others } = profile.operations;
  const named = [
    ...Object.entries(others).map(([name, each]) => ({ path: ['operations', name], each })),
    ...forms.map((each, index) => ({ path: ['operations', 'InvokeMCP', index], each })),
  ];
  for (const { path, each } of named) {
    if (!each || (profile[each.plane].flavour === 'json') === (each.target !== undefined)) continue;
    const message = `needs a target exactly where the plane ${each.plane} has the flavour json`;
    context.addIssue({ code: 'custom', path: [...path, 'target'], message });
  }
}

function hasOnly(value: string, names: readonly string[]): boolean {
  return [...value.matchAll(/\{([^}]*)\}/g)].every(([, name = '']) => names.includes(name));
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source) !== undefined;
  } catch {
    return false;
  }
}
