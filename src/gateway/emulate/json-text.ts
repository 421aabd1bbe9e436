/**
 * The JSON in a model's answer: the whole of it, or what stands in its only code fence. Words around bare JSON are not
 * cut away: whoever wrote them may have meant them, so the model is asked instead.
 */
export interface JsonText {
  /** As the model wrote it, without what stood around it. */
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

/** What stands between the fences, if there is exactly one pair of them, each on a line of its own. */
function onlyFence(answer: string): string | undefined {
  const lines = answer.split('\n');
  const fences = lines.flatMap((line, at) => (/^\s*(?:`{3,}|~{3,})[\w+-]*\s*$/.test(line) ? at : []));
  const [open, close, ...more] = fences;
  if (open === undefined || close === undefined || more.length > 0) return undefined;
  return lines.slice(open + 1, close).join('\n');
}
