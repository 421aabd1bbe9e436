/** Generates strings for a JSON Schema: by format, by pattern, or words of some length. */
import type { JsonObject } from '../../../core/json.ts';
import { sampleOf } from './pattern-sample.ts';

/** `name`: the property to generate a value for. */
export function* stringsFor({ format, pattern, minLength = 0, maxLength }: JsonObject, name: string) {
  if (typeof format === 'string' && Object.hasOwn(FORMATS, format)) yield FORMATS[format] ?? '';
  if (typeof pattern === 'string') {
    const sample = sampleOf(pattern);
    if (sample !== undefined) yield sample;
  }
  const words = name === '' ? 'simulated text' : `simulated ${name.replace(/[^\p{L}\d]+/gu, ' ').trim()}`.trim();
  const least = typeof minLength === 'number' ? Math.min(minLength, MAX_CHARS) : 0;
  const most = typeof maxLength === 'number' ? maxLength : Number.POSITIVE_INFINITY;
  for (let variant = 1; variant <= VARIANTS; variant++) {
    const text = variant === 1 ? words : `${variant} ${words}`;
    yield [...text.padEnd(least, '.')].slice(0, most).join('');
  }
}

/** Number of distinct values, for lists with unique items. */
const VARIANTS = 20;
/** A schema may require any length. */
const MAX_CHARS = 100_000;

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-02',
  time: '03:04:05Z',
  'date-time': '2026-01-02T03:04:05Z',
  duration: 'PT1H',
  email: 'simulator@example.com',
  'idn-email': 'simulator@example.com',
  hostname: 'example.com',
  'idn-hostname': 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  iri: 'https://example.com/',
  'uri-reference': '/simulated',
  'iri-reference': '/simulated',
  'uri-template': 'https://example.com/{id}',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
  'json-pointer': '/simulated',
  'relative-json-pointer': '0/simulated',
  regex: '^simulated$',
};
