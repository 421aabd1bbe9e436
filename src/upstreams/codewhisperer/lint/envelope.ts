/** Lint rules on the body around the messages: allowed fields, ids, no nulls. */
import type { LintInput } from './rules.ts';

const TRIGGER_TYPES: readonly string[] = ['MANUAL', 'DIAGNOSTIC', 'INLINE_CHAT'];
/** From the published client's model. */
const PROFILE_ARN = /^arn:aws:(?:codewhisperer|transform):[-.a-z0-9]{1,63}:\d{12}:profile\/[a-zA-Z0-9]{12}$/;
const MODEL_ID = /^[a-zA-Z0-9_:.-]+$/;

export function lintEnvelope(input: LintInput): void {
  const { request, profile, report } = input;
  const { conversationState: state, profileArn } = request;
  const allowed = (fields: readonly string[], holder: object, where: string) => {
    for (const field of Object.keys(holder)) {
      if (!fields.includes(field))
        report('body-field', `The wire profile ${profile.id} does not accept ${where}${field}.`);
    }
  };
  allowed(profile.body.fields, request, '');
  allowed(profile.body.conversationStateFields, state, 'conversationState.');
  if (!TRIGGER_TYPES.includes(state.chatTriggerType)) {
    report('trigger-type', `${state.chatTriggerType} is not a trigger type of the service.`);
  }
  const { conversationId } = state;
  if (conversationId !== undefined && !isConversationId(conversationId)) {
    report('conversation-id', `The conversation id has ${conversationId.length} characters; it must have 1 to 128.`);
  }
  if (profileArn !== undefined && !isProfileArn(profileArn)) {
    report('profile-arn', "The account's profile ARN does not belong to this service. Correct or remove it.");
  }
  lintModelIds(input);
  lintNulls(input);
}

export function isConversationId({ length }: string): boolean {
  return length >= 1 && length <= 128;
}

export function isProfileArn(arn: string): boolean {
  return arn.length <= 950 && PROFILE_ARN.test(arn);
}

export function isModelId(id: string): boolean {
  return id.length <= 1024 && MODEL_ID.test(id);
}

function lintModelIds({ messages, report }: LintInput): void {
  for (const message of messages) {
    const modelId = 'userInputMessage' in message ? message.userInputMessage.modelId : undefined;
    if (modelId === undefined || isModelId(modelId)) continue;
    report(
      'model-id',
      'The model name contains characters that model ids do not have. Choose one from GET /v1/models.',
      'model',
    );
    return;
  }
}

/** The envelope only: in tool arguments and schemas, null and empty lists have a meaning. */
function lintNulls({ request, messages, report }: LintInput): void {
  const { conversationState: state } = request;
  const holders: object[] = [request, state];
  for (const message of messages) {
    if ('userInputMessage' in message) {
      holders.push(message.userInputMessage, message.userInputMessage.userInputMessageContext ?? {});
    } else {
      holders.push(message.assistantResponseMessage);
    }
  }
  for (const holder of holders) {
    for (const [field, value] of Object.entries(holder)) {
      const isEmpty = value === null || (Array.isArray(value) && value.length === 0);
      if (isEmpty) report('no-null', `${field} is sent as ${value === null ? 'null' : 'an empty list'}; leave it out.`);
    }
  }
}
