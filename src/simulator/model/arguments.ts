/** Extracts tool arguments from the user's message: quoted text, paths, places, numbers, enum values. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** Undefined if a required argument is not in the text, so that a call would be invented. */
export function fillArguments(schema: JsonObject, text: string): JsonObject | undefined {
  const evidence = new Evidence(text);
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const filled: Record<string, JsonValue> = {};
  for (const [name, property] of Object.entries(properties)) {
    if (!required.includes(name) || !isJsonObject(property)) continue;
    const value = fill(name, property, evidence);
    if (value === undefined) return undefined;
    filled[name] = value;
  }
  // Optional arguments are filled only from unambiguous text.
  for (const [name, property] of Object.entries(properties)) {
    if (required.includes(name) || !isJsonObject(property)) continue;
    const word = evidence.enumWord(property);
    if (word !== undefined) filled[name] = word;
  }
  const isComplete = required.every((name) => typeof name === 'string' && Object.hasOwn(filled, name));
  return isComplete ? filled : undefined;
}

function fill(name: string, schema: JsonObject, evidence: Evidence): JsonValue | undefined {
  if (Array.isArray(schema.enum)) return evidence.enumWord(schema);
  switch (schema.type) {
    case 'number':
    case 'integer':
      return evidence.number();
    case 'boolean':
      return evidence.mentions(name);
    case 'array': {
      const item = isJsonObject(schema.items) ? fill(name, schema.items, evidence) : evidence.string(name);
      return item === undefined ? undefined : [item];
    }
    case 'object':
      return fillArguments(schema, evidence.text);
    default:
      return evidence.string(name);
  }
}

/** Returns each match once, so that two arguments do not get the same. */
class Evidence {
  readonly text: string;
  readonly #quoted: string[];
  readonly #paths: string[];
  readonly #urls: string[];
  readonly #places: string[];
  readonly #numbers: number[];

  constructor(text: string) {
    this.text = text;
    this.#urls = findAll(text, /https?:\/\/[^\s"'`<>)]+[^\s"'`<>).,;!?]/g);
    const rest = this.#urls.reduce((left, url) => left.replace(url, ' '), text);
    this.#quoted = findAll(rest, /"([^"]+)"|`([^`]+)`|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)/g);
    const isPath = (quoted: string) => /^[^\n]*[\w)]\.[a-zA-Z][a-zA-Z0-9]{0,4}$|^~?\.{0,2}\/\S+$/.test(quoted);
    const unquoted = this.#quoted.reduce((left, quoted) => left.replace(quoted, ' '), rest);
    const bare = /(?:~?\/|\.{1,2}\/)[\w./-]*[\w/]|\b[\w-]+(?:\/[\w.-]+)*\.[a-zA-Z][a-zA-Z0-9]{0,4}\b/g;
    this.#paths = [...this.#quoted.filter(isPath), ...findAll(unquoted, bare)];
    this.#places = findAll(rest, /(?<=\b(?:in|at|for|of|to|from|near) )\p{Lu}[\p{L}'-]+(?: \p{Lu}[\p{L}'-]+)*/gu);
    this.#places.push(...findAll(rest, /(?<=[\p{Ll},] )\p{Lu}[\p{L}'-]+(?: \p{Lu}[\p{L}'-]+)*/gu));
    this.#numbers = findAll(rest, /(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]\w)/g).map(Number);
  }

  number(): number | undefined {
    return this.#numbers.shift();
  }

  mentions(name: string): boolean {
    return wordsOf(name).some((word) => this.text.toLowerCase().includes(word));
  }

  enumWord({ enum: values }: JsonObject): string | undefined {
    if (!Array.isArray(values)) return undefined;
    const words = new Set(this.text.toLowerCase().match(/[\p{L}\d_-]+/gu));
    return values.find((value): value is string => typeof value === 'string' && words.has(value.toLowerCase()));
  }

  string(name: string): string | undefined {
    if (/path|file|dir|folder/i.test(name)) return this.#path() ?? this.#quoted.shift();
    if (/ur[li]\b|link/i.test(name)) return this.#urls.shift();
    if (/query|search|pattern|question|topic|keyword/i.test(name)) return this.#quoted.shift() ?? this.#subject();
    if (/command|cmd|script/i.test(name)) return this.#quoted.shift() ?? /\brun:?\s+(.+?)[.!]?$/im.exec(this.text)?.[1];
    return this.#quoted.shift() ?? this.#place();
  }

  #path(): string | undefined {
    const path = this.#paths.shift();
    const again = this.#quoted.indexOf(path ?? '');
    if (again >= 0) this.#quoted.splice(again, 1);
    return path;
  }

  #place(): string | undefined {
    const place = this.#places.shift();
    // The two patterns for places overlap.
    const again = this.#places.indexOf(place ?? '');
    if (again >= 0) this.#places.splice(again, 1);
    return place;
  }

  /** The text after the preposition or verb. */
  #subject(): string | undefined {
    const found =
      /\b(?:for|about|on)\s+(.+?)[.?!]?$/im.exec(this.text) ??
      /\b(?:find|search|look up)\s+(.+?)[.?!]?$/im.exec(this.text);
    return found?.[1];
  }
}

/** The first matching group, or the whole match. */
function findAll(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([whole, ...groups]) => groups.find((group) => group !== undefined) ?? whole);
}

/** `getWeatherNow` and `get_weather_now` both give get, weather, now. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
}
