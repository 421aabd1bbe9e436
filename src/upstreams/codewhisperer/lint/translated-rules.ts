/**
 * What the wire cannot express, so that there is nothing to check in a finished request: the passes translate it, and
 * note it.
 */
import { CAPTURES, CATALOGUE, GATEWAYS, MODEL, type WireRule } from './wire-rule.ts';

const MESSAGE = 'conversationState.history[]';
const CURRENT = 'conversationState.currentMessage.userInputMessage';
const SETTINGS = 'additionalModelRequestFields';

export const TRANSLATED_RULES = {
  'attachment-once': {
    description: 'An attachment is sent once; a repeated one only costs context.',
    severity: 'translated',
    path: `${MESSAGE}.userInputMessage`,
    limit: undefined,
    repairs: ['attachment-repeated'],
    ...GATEWAYS,
  },
  'completion-input': {
    description: 'Inline completion has its own model, needs a language, and reads code near the cursor only.',
    severity: 'translated',
    path: 'fileContext',
    limit: '10,240 characters on either side',
    repairs: ['completion-language-guessed', 'completion-model', 'completion-window'],
    ...MODEL,
  },
  'environment-size': {
    description: 'The working environment has bounded members.',
    severity: 'translated',
    path: `${CURRENT}.userInputMessageContext.envState`,
    limit: 'accepts.environment',
    repairs: ['environment-cut'],
    ...MODEL,
  },
  'image-input': {
    description: 'Images are sent only to models that accept them.',
    severity: 'translated',
    path: `${CURRENT}.images`,
    limit: undefined,
    repairs: ['image-not-supported'],
    ...CATALOGUE,
  },
  'model-settings': {
    description: 'Reasoning and the output limit are settings that the catalogue lists for a model.',
    severity: 'translated',
    path: SETTINGS,
    limit: 'accepts.reasoningSettings',
    repairs: [
      'output-limit-sent',
      'reasoning-default',
      'reasoning-effort-mapped',
      'reasoning-named',
      'reasoning-named-overridden',
      'reasoning-not-off',
      'reasoning-tags',
      'reasoning-unavailable',
    ],
    ...CATALOGUE,
  },
  'result-images': {
    description: 'Tool results have text only; the model finds images by their order.',
    severity: 'translated',
    path: `${MESSAGE}.userInputMessage.images`,
    limit: undefined,
    repairs: ['tool-result-images-listed', 'tool-result-media-lifted'],
    ...CAPTURES,
  },
  'result-status': {
    description: 'The model does not see the status of a tool result.',
    severity: 'translated',
    path: `${MESSAGE}.userInputMessage.userInputMessageContext.toolResults[].status`,
    limit: undefined,
    repairs: ['tool-result-failed-marked'],
    ...CAPTURES,
  },
  'role-content': {
    description: 'User messages have no tool uses or reasoning, assistant messages no results, images or documents.',
    severity: 'translated',
    path: MESSAGE,
    limit: undefined,
    repairs: ['turn-split'],
    ...MODEL,
  },
  'system-role': {
    description: 'Messages are the user’s or the assistant’s.',
    severity: 'translated',
    path: MESSAGE,
    limit: undefined,
    repairs: ['system-turn-as-user'],
    ...MODEL,
  },
  'tool-choice': {
    description: 'The use of tools cannot be forced or limited.',
    severity: 'translated',
    path: `${CURRENT}.userInputMessageContext.tools`,
    limit: undefined,
    repairs: ['parallel-tool-use-emulated', 'tool-choice-emulated'],
    ...MODEL,
  },
} as const satisfies Record<string, WireRule>;
