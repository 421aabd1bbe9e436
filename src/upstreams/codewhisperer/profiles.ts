/**
 * Wire profiles: everything in which one way of reaching the service differs from another, as data. The encoder asks
 * the profile and nothing else, so that a change of the service's rules costs a file and no code.
 */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import codewhispererLegacy from './profiles/codewhisperer-legacy.json' with { type: 'json' };
import kiroRuntime from './profiles/kiro-runtime.json' with { type: 'json' };
import qIam from './profiles/q-iam.json' with { type: 'json' };
import qJson from './profiles/q-json.json' with { type: 'json' };
import qRest from './profiles/q-rest.json' with { type: 'json' };

const plane = z.strictObject({
  /** `{region}` is filled in; no trailing slash. */
  baseUrl: z.string().regex(/^https:\/\/[^/]+$/),
  /** REST: verb and path, members in the query for GET. JSON: everything in the body, the operation in a header. */
  flavour: z.enum(['rest', 'json']),
  contentType: z.string().min(1),
  headers: z.record(z.string().regex(/^[a-z0-9-]+$/), z.string()),
  /** `required`: an account without an ARN cannot use this plane. */
  profileArn: z.enum(['when-known', 'required', 'never']),
  /** Say the ARN in `x-amzn-kiro-profile-arn` as well. */
  profileArnHeader: z.boolean(),
});

const operation = z.strictObject({
  plane: z.enum(['streaming', 'controlPlane', 'mcp']),
  method: z.enum(['GET', 'POST']),
  path: z.string().startsWith('/'),
  /** Value of `x-amz-target`; the JSON flavour alone has one. */
  target: z.string().optional(),
});

const pattern = z.string().transform((source) => new RegExp(source));
const count = z.int().positive();

const wireProfileSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  description: z.string().min(1),
  /** Regions which serve the API; the first is taken for credentials from anywhere else. */
  regions: z.tuple([z.string()], z.string()),
  /** Member of the service's Origin enum. It decides which models are offered. */
  origin: z.string().min(1),
  streaming: plane,
  controlPlane: plane,
  /** The service's own tools. Spoken as REST whatever the rest is; no official client knows another way. */
  mcp: plane,
  operations: z.strictObject({
    GenerateAssistantResponse: operation,
    /** Any of the others may be absent: then it cannot be had this way. */
    ListAvailableModels: operation.optional(),
    ListAvailableProfiles: operation.optional(),
    GetUsageLimits: operation.optional(),
    GenerateCompletions: operation.optional(),
    InvokeMCP: operation.optional(),
  }),
  /** Told where the service cannot be asked for its models; others may be named all the same. */
  models: z.array(z.string()).optional(),
  /** The vendor's own, by kind of account: for planes which insist on one while nothing else is known. */
  vendorProfileArns: z.record(z.string(), z.string().startsWith('arn:aws:codewhisperer:')).optional(),
  body: z.strictObject({
    /** `source` says the origin once more, in the body itself. */
    fields: z.array(z.enum(['conversationState', 'profileArn', 'additionalModelRequestFields', 'source'])),
    conversationStateFields: z.array(
      z.enum([
        'chatTriggerType',
        'conversationId',
        'agentContinuationId',
        'agentTaskType',
        'history',
        'currentMessage',
      ]),
    ),
    agentTaskType: z.enum(['vibe', 'spectask']),
  }),
  messages: z.strictObject({
    /** User messages in history name the model too. */
    historyModelId: z.boolean(),
    /** What stands for no text, or for white space alone: a neutral sentence, or nothing where that is accepted. */
    emptyUser: z.string(),
    emptyUserWithToolResults: z.string(),
    emptyAssistant: z.string(),
    /** Nothing, as official clients send it: words here would teach the model to say them beside its calls. */
    emptyAssistantWithToolUses: z.string(),
    /** First line of a failed tool result. The service drops the result's status before the model reads it. */
    failedToolResult: z.string().min(1),
    /** The assistant's side of the opening pair which carries the system text. */
    acknowledgement: z.string().min(1),
  }),
  accepts: z.strictObject({
    /** A history that begins with the assistant; otherwise `emptyUser` is put before it. */
    historyFromAssistant: z.boolean(),
    reasoningHistory: z.boolean(),
    reasoningSettings: z.boolean(),
    cachePoints: z.boolean(),
    cachePointsInTools: z.boolean(),
    documents: z.boolean(),
    /** envState and gitState beside the message. */
    environment: z.boolean(),
  }),
  limits: z.strictObject({
    historyEntries: count,
    /** UTF-16 units of one message's or one tool result's text. */
    contentChars: count,
    toolNamePattern: pattern,
    toolNameChars: count,
    toolUseIdPattern: pattern,
    toolUseIdChars: count,
    /** UTF-16 units: never more than the service counts, whichever way it does. */
    toolDescriptionChars: count,
    imagesPerMessage: count,
    /** Decoded. */
    imageBytes: count,
    /** On either side. */
    imagePixels: count,
    /**
     * What larger images are scaled down to. Requests with many images take no larger ones, and a rule which looked at
     * their number would change what was sent in earlier turns.
     */
    imageFitPixels: count,
    documentsPerMessage: count,
    documentBytes: count,
    cachePointsPerRequest: count,
  }),
  schemas: z.strictObject({
    /** JSON Schema keywords which the service is known or suspected to refuse in a tool's input schema. */
    removedKeywords: z.array(z.string()).transform((keywords) => new Set(keywords)),
    dropEmptyRequired: z.boolean(),
    /** Bounds beyond ± this are left out. */
    maxInteger: count,
    /** How deep a `$ref` may lead through others before it becomes a plain object. */
    maxRefDepth: count,
  }),
});

export type WireProfile = z.infer<typeof wireProfileSchema>;
export type OperationName = keyof WireProfile['operations'];

/** In the order in which they should be tried for an account of which nothing is known. */
export const WIRE_PROFILES: readonly WireProfile[] = [qRest, qJson, kiroRuntime, codewhispererLegacy, qIam].map(
  (data) => wireProfileSchema.parse(data),
);

export const DEFAULT_WIRE_PROFILE = 'q-rest';
/** Keys are served by the JSON flavour, as the vendor's own command line uses them. */
export const API_KEY_WIRE_PROFILE = 'q-json';
/** Signed requests have an operation of their own. */
export const IAM_WIRE_PROFILE = 'q-iam';

const byId: ReadonlyMap<string, WireProfile> = new Map(WIRE_PROFILES.map((profile) => [profile.id, profile]));

/** Throws `internal` for an unknown id: settings and stored accounts are checked where they enter. */
export function wireProfile(id: string): WireProfile {
  const profile = byId.get(id);
  if (!profile) {
    const known = [...byId.keys()].join(', ');
    throw new GatewayError('internal', `There is no wire profile ${JSON.stringify(id)}; known ones are ${known}.`);
  }
  return profile;
}
