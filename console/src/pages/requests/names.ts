/** Names of protocols, as their vendors write them. */
export const PROTOCOLS: Readonly<Record<string, string>> = {
  'anthropic-messages': 'Messages',
  'openai-chat': 'Chat Completions',
  'openai-responses': 'Responses',
  'openai-completions': 'Completions',
};

/** `claude-sonnet-4.5`, or `gpt-5 → claude-sonnet-4.5` if another one answered. */
export function modelText(model: string | null, answered: string | null): string | undefined {
  if (model === null || answered === null || model === answered) return model ?? answered ?? undefined;
  return `${model} → ${answered}`;
}
