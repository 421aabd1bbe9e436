/** The catalogue of models. */
export const models = {
  lead: 'What your accounts offer. Any spelling works: claude-sonnet-4-5, anthropic/claude-sonnet-4.5, claude-sonnet-4.5.',
  empty: 'No models yet',
  emptyText: 'The list comes from your accounts. Add one first.',
  addAccount: 'Add an account',
  filter: 'Find a model',
  default: 'default',
  try: 'Try',
  tryModel: 'Try {{model}} in the chat',
  yes: 'yes',
  columns: {
    model: 'Model',
    window: 'Context',
    output: 'Longest answer',
    cost: 'Cost',
    images: 'Images',
    reasoning: 'Reasoning',
    caching: 'Prompt cache',
    fallbacks: 'Fallbacks',
  },
  costValue: '×{{multiplier}}',
  cacheFrom: 'from {{tokens}} tokens',
};
