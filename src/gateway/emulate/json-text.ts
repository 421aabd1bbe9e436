/**
 * Finds the JSON in a model's answer: the whole answer, or the contents of its only code fence. Words around bare JSON
 * are not cut away, since they may matter; the model is asked to correct its answer instead.
 */
export interface JsonText {
  /** The JSON as the model wrote it, without the text around it. */
  readonly text: string;
  readonly value: unknown;
}

export function findJson(answer: string): JsonText | undefined {
  return parsed(answer) ?? parsed(onlyFence(answer));
}

function parsed(candidate: string | undefined): JsonText | undefined {
  const text = candidate?.replace(/^\uFEFF/, '').trim();
  if (text === undefined || text === '') return undefined;
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The lines between two code fences, if the answer has exactly two, each on a line of its own. */
function onlyFence(answer: string): string | undefined {
  const lines = answer.split('\n');
  const fences = lines.flatMap((line, at) => (/^\s*(?:`{3,}|~{3,})[\w+-]*\s*$/.test(line) ? at : []));
  const [open, close, ...more] = fences;
  if (open === undefined || close === undefined || more.length > 0) return undefined;
  return lines.slice(open + 1, close).join('\n');
}
