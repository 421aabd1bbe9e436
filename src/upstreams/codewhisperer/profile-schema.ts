/**
 * The shape of a wire profile: everything in which one way of reaching the service differs from another. Each member's
 * description is its row in docs/wire-profiles.md.
 */
import { z } from 'zod';

/** Kinds of account, by what they sign in with. */
export const ACCOUNT_KINDS = ['builder-id', 'idc', 'social', 'external-idp', 'api-key', 'iam'] as const;

/** What may stand in braces in a header's value. A header whose placeholder has no value is left out. */
const HEADER_PLACEHOLDERS = ['profileArn', 'tokenType', 'invocationId', 'attempt', 'maxAttempts'] as const;
/** What may stand in braces in a user agent. */
const USER_AGENT_PLACEHOLDERS = ['platform', 'release', 'node', 'version'] as const;

const HEADER_NAME = /^[a-z0-9-]+$/;
/** Anything that could end a header is refused where the file is read. */
const HEADER_TEXT = /^[\x20-\x7e]+$/;

const kind = z.enum(ACCOUNT_KINDS);
const count = z.int().positive();
const flag = z.boolean();

const headerValue = z
  .string()
  .regex(HEADER_TEXT, 'expected printable ASCII characters')
  .refine(
    (value) => hasOnly(value, HEADER_PLACEHOLDERS),
    `has an unknown placeholder; known ones are ${HEADER_PLACEHOLDERS.map((name) => `{${name}}`).join(', ')}`,
  );

const userAgent = z
  .string()
  .regex(HEADER_TEXT, 'expected printable ASCII characters')
  .regex(/(?:^| )dragoman\/\{version\}$/, 'must end in dragoman/{version}: the gateway names itself')
  .refine(
    (value) => hasOnly(value, USER_AGENT_PLACEHOLDERS),
    `has an unknown placeholder; known ones are ${USER_AGENT_PLACEHOLDERS.map((name) => `{${name}}`).join(', ')}`,
  );

const plane = z.strictObject({
  baseUrl: z
    .string()
    .regex(/^https:\/\/[^/\s]+$/, 'expected https://HOST without a path')
    .describe('Host. `{region}` is replaced by the region of the API.'),
  flavour: z
    .enum(['rest', 'json'])
    .describe('`rest`: verb and path, members of a GET in the query. `json`: `POST /` with the operation in a header.'),
  contentType: z.string().regex(HEADER_TEXT).describe('Of every request with a body.'),
  userAgent: userAgent.describe(
    'Product tokens in the shape of the AWS SDK, ending in `dragoman/{version}`. Placeholders: `{platform}`, `{release}`, `{node}`, `{version}`.',
  ),
  headers: z
    .record(z.string().regex(HEADER_NAME, 'expected a lower-case header name'), headerValue)
    .describe(
      'Further headers. Placeholders: `{profileArn}`, `{tokenType}`, `{invocationId}`, `{attempt}`, `{maxAttempts}`; a header whose placeholder has no value is left out.',
    ),
  maxAttempts: count.describe('`{maxAttempts}`, and the most that `{attempt}` counts to.'),
  profileArn: z
    .enum(['when-known', 'required', 'never'])
    .describe('Whether requests carry the profile ARN. `required`: an account without one cannot use this plane.'),
  badToken: z
    .strictObject({
      status: z.int().min(400).max(499).describe('HTTP status.'),
      name: z.string().min(1).describe('Name of the exception.'),
    })
    .optional()
    .describe('A status and an exception with which this plane refuses an access token, where that is not 401 or 403.'),
});

const operation = z.strictObject({
  plane: z
    .enum(['streaming', 'controlPlane', 'mcp', 'mcpRest'])
    .describe('Which of the planes above serves the operation.'),
  method: z.enum(['GET', 'POST']).describe('HTTP method.'),
  path: z.string().startsWith('/').describe('Path below the host.'),
  target: z.string().regex(HEADER_TEXT).optional().describe('Value of `x-amz-target`, of the JSON flavour alone.'),
  input: z.record(z.string(), z.json()).optional().describe('Members that every request of this operation has.'),
});

const mcpForm = operation.extend({
  profileArnInBody: flag.describe('Add `profileArn` to the JSON-RPC request as another top-level member.'),
  exceptFor: z.array(kind).optional().describe('Kinds of account that this form is never tried for.'),
});

const pattern = z
  .string()
  .refine(isPattern, 'is not a regular expression')
  .transform((source) => new RegExp(source));

export const wireProfileSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,40}(?:\/[a-z][a-z0-9-]{0,40})?$/, 'expected lower-case letters, digits and dashes')
      .describe('Name, as `DRAGOMAN_WIRE_PROFILE` and `x-dragoman-route` have it.'),
    description: z.string().min(1).describe('One sentence for people.'),
    accounts: z
      .partialRecord(kind, z.number())
      .describe(
        'Kinds of account that may use the profile by themselves, and its place in their order: the lowest is tried first. A kind that is not listed uses the profile only when `DRAGOMAN_WIRE_PROFILE` names it.',
      ),
    authentication: z.enum(['bearer', 'signature']).describe('By access token, or by AWS Signature Version 4.'),
    tokenTypes: z.partialRecord(kind, z.string().regex(HEADER_TEXT)).describe('`{tokenType}`, by kind of account.'),
    regions: z
      .tuple([z.string()], z.string())
      .describe('Regions that serve the API; the first one is taken for accounts of any other region.'),
    origin: z.string().min(1).describe("Member of the service's Origin enum. It decides which models are offered."),
    streaming: plane.describe('Chat.'),
    controlPlane: plane.describe('Models, profiles, usage.'),
    mcp: plane.describe("The service's own tools, in the JSON flavour."),
    mcpRest: plane.describe("The service's own tools, at a path of their own."),
    operations: z
      .strictObject({
        GenerateAssistantResponse: operation.describe('Chat.'),
        ListAvailableModels: operation.optional().describe('The models of an account.'),
        ListAvailableProfiles: operation.optional().describe('The profiles of an organisation.'),
        GetProfile: operation.optional().describe('The profile of an API key.'),
        GetUsageLimits: operation.optional().describe('What is left of the plan.'),
        GenerateCompletions: operation.optional().describe('Inline completion.'),
        InvokeMCP: z.array(mcpForm).min(1).optional().describe('Web search: forms to try in this order.'),
      })
      .describe('An operation that is absent cannot be called this way.'),
    models: z.array(z.string()).optional().describe('Models to list where the service cannot be asked for them.'),
    vendorProfileArns: z
      .partialRecord(kind, z.string().startsWith('arn:aws:codewhisperer:'))
      .optional()
      .describe('ARN to send for a kind of account without one of its own, where a plane requires one.'),
    body: z
      .strictObject({
        fields: z
          .array(z.enum(['conversationState', 'profileArn', 'additionalModelRequestFields', 'source', 'agentMode']))
          .describe('Top-level members. `source` repeats the origin.'),
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
          .regex(/^[\w-]*\{uuid\}$/, 'expected {uuid}, perhaps with a prefix')
          .describe('Form of conversation ids: `{uuid}`, perhaps with a prefix.'),
        agentTaskType: z.enum(['vibe', 'spectask']).describe('Sent as it stands.'),
        agentMode: z
          .strictObject({
            main: z.string().min(1).describe('Of a conversation that a person leads.'),
            subAgent: z.string().min(1).describe('Of a conversation that an agent leads for another one.'),
          })
          .describe('Sent where `fields` has `agentMode`.'),
      })
      .describe('The envelope of a chat request.'),
    messages: z
      .strictObject({
        historyModelId: flag.describe('User messages in the history name the model too.'),
        emptyUser: z.string().describe('Content of a user message without text and without tool results.'),
        emptyUserWithToolResults: z.string().describe('Content of a user message with tool results alone.'),
        emptyAssistant: z.string().describe('Content of an assistant message without text and without tool uses.'),
        emptyAssistantWithToolUses: z.string().describe('Content of an assistant message with tool uses alone.'),
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
    accepts: z
      .strictObject({
        historyFromAssistant: flag.describe('A history that begins with the assistant.'),
        environment: flag.describe('`envState` and `gitState`.'),
        reasoningHistory: flag.describe('Reasoning of earlier turns.'),
        reasoningSettings: flag.describe('`additionalModelRequestFields`.'),
        cachePoints: flag.describe('Cache points in messages.'),
        cachePointsInTools: flag.describe('Cache points between tools.'),
        documents: flag.describe('Documents as they are; otherwise their text is sent.'),
      })
      .describe('What the service takes; the rest is left out or rewritten, with a note.'),
    limits: z
      .strictObject({
        historyEntries: count.describe('Messages before the current one.'),
        contentChars: count.describe("UTF-16 units of one message's or one tool result's text."),
        toolNamePattern: pattern.describe('Regular expression that tool names match.'),
        toolNameChars: count.describe('Characters of a tool name.'),
        toolUseIdPattern: pattern.describe('Regular expression that tool use ids match.'),
        toolUseIdChars: count.describe('Characters of a tool use id.'),
        toolDescriptionChars: count.describe('UTF-16 units of a tool description.'),
        imagesPerMessage: count.describe('Images in one message.'),
        imageBytes: count.describe('Decoded bytes of an image.'),
        imagePixels: count.describe('Pixels on either side of an image.'),
        imageFitPixels: count.describe('What larger images are scaled down to, on either side.'),
        documentsPerMessage: count.describe('Documents in one message.'),
        documentBytes: count.describe('Decoded bytes of a document.'),
        cachePointsPerRequest: count.describe('Cache points in one request.'),
        searchQueryChars: count.describe('UTF-16 units of a web search query.'),
      })
      .describe('Most of each kind that the service takes.'),
    schemas: z
      .strictObject({
        removedKeywords: z
          .array(z.string())
          .transform((keywords) => new Set(keywords))
          .describe('JSON Schema keywords to leave out of tool input schemas.'),
        dropEmptyRequired: flag.describe('Leave out an empty `required`.'),
        maxInteger: count.describe('Bounds beyond ± this are left out.'),
        maxRefDepth: count.describe('How deep a `$ref` may lead through others before it becomes a plain object.'),
      })
      .describe('How input schemas of tools are cleaned.'),
  })
  .superRefine((profile, context) => {
    const { InvokeMCP: forms = [], ...operations } = profile.operations;
    const named = [
      ...Object.entries(operations).map(([name, each]) => ({ path: ['operations', name], each })),
      ...forms.map((each, index) => ({ path: ['operations', 'InvokeMCP', index], each })),
    ];
    for (const { path, each } of named) {
      if (!each || (profile[each.plane].flavour === 'json') === (each.target !== undefined)) continue;
      const message = `needs a target exactly where the plane ${each.plane} has the flavour json`;
      context.addIssue({ code: 'custom', path: [...path, 'target'], message });
    }
  });

export type WireProfile = z.infer<typeof wireProfileSchema>;
export type OperationName = keyof WireProfile['operations'];
export type Operation = z.infer<typeof operation>;
export type McpForm = z.infer<typeof mcpForm>;

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
