/** Texts of wire profiles with `{placeholders}`. Each request fills several, so each text is split only once. */

interface Template {
  /** One more than the names: the text around the placeholders. */
  readonly literals: readonly string[];
  readonly names: readonly string[];
}

/** Holds the texts of the wire profiles, nothing from requests. */
const TEMPLATES = new Map<string, Template>();

/** undefined: a placeholder has no value. */
export function fillTemplate(text: string, values: Readonly<Record<string, string | undefined>>): string | undefined {
  const { literals, names } = templateOf(text);
  let filled = literals[0] ?? '';
  for (let index = 0; index < names.length; index++) {
    const value = values[names[index] ?? ''];
    if (value === undefined) return undefined;
    filled += value + (literals[index + 1] ?? '');
  }
  return filled;
}

function templateOf(text: string): Template {
  const known = TEMPLATES.get(text);
  if (known) return known;
  const pieces = text.split(/\{(\w+)\}/);
  const template = {
    literals: pieces.filter((_piece, index) => index % 2 === 0),
    names: pieces.filter((_piece, index) => index % 2 === 1),
  };
  TEMPLATES.set(text, template);
  return template;
}
