/**
 * Names and ids without their content: the same name has the same replacement wherever it stands, and different names have
 * different ones. A replacement has the form of its name (length, script, case, digits, punctuation), which is what the
 * rules about names look at, and so the same filler.
 */
import { createHash } from 'node:crypto';
import { fillerOf } from './filler.ts';
import { isKnownKey } from './words.ts';

export class Names {
  readonly #salt: string;
  readonly #replacements = new Map<string, string>();
  /** In lower case: some names differ from others only in case, and their replacements do too. */
  readonly #owners = new Map<string, string>();

  /** `salt`: keeps names from being found by hashing a list of likely ones. */
  constructor(salt: string) {
    this.#salt = salt;
  }

  of(name: string): string {
    const known = this.#replacements.get(name);
    if (known !== undefined) return known;
    const replacement = isSmallNumber(name) ? name : this.#choose(name);
    this.#replacements.set(name, replacement);
    return replacement;
  }

  /** An id of several parts, such as `user_<hash>_session_<uuid>`: parts that stand alone elsewhere keep their replacement. */
  ofId(id: string): string {
    return id.replaceAll(/[A-Za-z0-9-]+/g, (part) => (isKnownPart(part) ? part : this.of(part)));
  }

  #choose(name: string): string {
    const lower = name.toLowerCase();
    for (let attempt = 0; ; attempt++) {
      const candidate = inFormOf(name, this.#salt, attempt, lower);
      const owner = this.#owners.get(candidate.toLowerCase());
      const isFree = owner === undefined ? !isKnownKey(candidate) : owner === lower;
      // Scripts without a large alphabet have few names of few letters.
      if (!isFree && attempt < MAX_ATTEMPTS) continue;
      this.#owners.set(candidate.toLowerCase(), lower);
      return candidate;
    }
  }
}

const MAX_ATTEMPTS = 200;

/** Objects list such keys by their value, whatever their order. */
function isSmallNumber(name: string): boolean {
  return /^\d{1,3}$/.test(name);
}

/** Parts of ids that say what they identify, and AWS regions. */
function isKnownPart(part: string): boolean {
  return KNOWN_PARTS.has(part) || /^[a-z]{2}(?:-gov)?-[a-z]{4,9}-\d$/.test(part);
}

const KNOWN_PARTS: ReadonlySet<string> = new Set(
  `account agent apc arn aws call chatcmpl cmp cmpl codewhisperer ctc device fc file fs functions id item lsh msg profile
  req resp rs run sess session sh srvtoolu thread tool toolu tooluse tsc user uuid ws`.split(/\s+/),
);

function inFormOf(name: string, salt: string, attempt: number, lower: string): string {
  const numbers = numbersOf(`${salt} ${attempt} ${lower}`);
  let form = '';
  for (let index = 0; index < name.length; index++) form += unitInFormOf(name.charAt(index), numbers.next().value ?? 0);
  return form;
}

function* numbersOf(seed: string): Generator<number, never> {
  for (let block = 0; ; block++) yield* createHash('sha256').update(`${block} ${seed}`).digest();
}

/** Hexadecimal letters stay so, as in UUIDs. */
function unitInFormOf(unit: string, number: number): string {
  if (/[1-9]/.test(unit)) return String(1 + (number % 9));
  if (/[a-f]/i.test(unit)) return inCaseOf(unit, 'abcdef'.charAt(number % 6));
  if (/[g-z]/i.test(unit)) return inCaseOf(unit, 'ghijklmnopqrstuvwxyz'.charAt(number % 20));
  const filler = fillerOf(unit);
  return filler === '字' ? String.fromCharCode(0x4e00 + number * 80) : filler;
}

function inCaseOf(unit: string, letter: string): string {
  return unit === unit.toLowerCase() ? letter : letter.toUpperCase();
}
