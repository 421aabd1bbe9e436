/** The messy sessions as items of the Responses API: calls as functions and as free text, outputs in parts, odd items. */
import type { JsonObject } from '../../src/core/json.ts';
import { unreachable } from '../../src/core/unreachable.ts';
import {
  BROKEN,
  type ImageKind,
  Markers,
  PNG,
  type Session,
  type Step,
  sessionMarker,
  type WrittenSession,
} from './messy-sessions.ts';

export function writeResponses(session: Session): WrittenSession {
  const markers = new Markers(session.number);
  const instructions = `${sessionMarker(session.number)} ${markers.plant('system ')}`;
  const isCustom = session.number % 2 === 1;
  const input = session.steps.flatMap((step) => itemsOf(step, isCustom, markers));
  return {
    body: {
      model: 'claude-sonnet-4.5',
      store: false,
      instructions,
      input,
      ...(session.tools.length > 0
        ? {
            tools: session.tools.map(({ name, description, schema }) =>
              isCustom
                ? { type: 'custom', name, description }
                : { type: 'function', name, description, parameters: schema, strict: false },
            ),
          }
        : {}),
    },
    markers: markers.all,
  };
}

function itemsOf(step: Step, isCustom: boolean, markers: Markers): JsonObject[] {
  switch (step.type) {
    case 'user': {
      const parts: JsonObject[] = step.texts.map((text) => ({
        type: 'input_text',
        text: text && markers.plant(text),
      }));
      if (step.image) parts.unshift(imagePart(step.image));
      if (step.document) parts.push({ type: 'brand_new_part', text: markers.plant('document ') });
      return [
        {
          role: 'user',
          content: parts.length === 1 && parts[0]?.type === 'input_text' ? (parts[0].text ?? '') : parts,
        },
      ];
    }
    case 'assistant':
      return [
        ...(step.reasoning ? [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAforeign' }] : []),
        ...(step.text
          ? [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: markers.plant(step.text) }] }]
          : []),
        ...step.calls.map(
          ({ id, name, input }): JsonObject =>
            isCustom
              ? { type: 'custom_tool_call', call_id: id, name, input: markers.plant('patch ') }
              : { type: 'function_call', call_id: id, name, namespace: 'ns', arguments: JSON.stringify(input) },
        ),
      ];
    case 'results': {
      const results = step.results.map(({ id, text, image }): JsonObject => {
        const outputText = text && markers.plant(text);
        const output = image ? [{ type: 'input_text', text: outputText }, imagePart(image)] : outputText;
        return { type: isCustom ? 'custom_tool_call_output' : 'function_call_output', call_id: id, output };
      });
      if (step.text === undefined) return results;
      return [...results, { type: 'message', role: 'user', content: step.text && markers.plant(step.text) }];
    }
    case 'system':
      return [{ type: 'message', role: 'developer', content: markers.plant(step.text) }];
    default:
      return unreachable(step);
  }
}

function imagePart(kind: ImageKind): JsonObject {
  const mediaType = kind === 'wrong-type' ? 'jpeg' : 'png';
  return {
    type: 'input_image',
    image_url: `data:image/${mediaType};base64,${kind === 'broken' ? BROKEN : PNG}`,
    detail: 'original',
  };
}
