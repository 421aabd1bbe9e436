/**
 * Parses the text of environment variables. Each message completes the sentence
 * "NAME …", because the settings table adds the name and the accepted values.
 */
import { isIP } from 'node:net';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const text = z.string().trim();

export function anyText(): z.ZodType<string> {
  return text;
}

export function textLike(pattern: RegExp, what: string): z.ZodType<string> {
  return text.regex(pattern, `is not ${what}`);
}

/** An IP address or `localhost`. */
export function listenAddress(): z.ZodType<string> {
  return text.refine(
    (written) => isIP(written) !== 0 || written.toLowerCase() === 'localhost',
    'is neither an IP address nor localhost',
  );
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values): z.ZodType<Values[number]> {
  return text.toLowerCase().pipe(z.enum(values, { error: 'is not one of the accepted values' }));
}

export function wholeNumber(minimum: number, maximum: number): z.ZodType<number> {
  return digits(minimum, maximum);
}

function digits(minimum: number, maximum: number) {
  return text
    .regex(/^\d+$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.int('is too large').min(minimum, `is below ${minimum}`).max(maximum, `is above ${maximum}`));
}

/** A whole number, or `auto`: the number of cores that this process may use. */
export function coreCount(maximum: number): z.ZodType<number> {
  return text
    .toLowerCase()
    .transform((written) => (written === 'auto' ? String(Math.min(maximum, availableParallelism())) : written))
    .pipe(digits(1, maximum));
}

const UNITS: Readonly<Record<string, number>> = { '': 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };

/** Bytes, with an optional binary unit: `67108864`, `64MiB`. */
export function byteCount(minimum: number, maximum: number): z.ZodType<number> {
  return text
    .toLowerCase()
    .regex(/^\d+\s*(?:[kmg]ib)?$/, 'is not a number of bytes')
    .transform((written) => Number.parseInt(written, 10) * (UNITS[written.replace(/^\d+\s*/, '')] ?? 1))
    .pipe(z.number().min(minimum, `is below ${minimum} bytes`).max(maximum, `is above ${maximum} bytes`));
}

const YES = ['1', 'true', 'yes', 'on'];
const NO = ['0', 'false', 'no', 'off'];

export function yesOrNo(): z.ZodType<boolean> {
  return text
    .toLowerCase()
    .refine((written) => YES.includes(written) || NO.includes(written), 'is neither yes nor no')
    .transform((written) => YES.includes(written));
}

export function commaList(): z.ZodType<readonly string[]> {
  return text.transform((written) =>
    written
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
}

/** Browser origins: scheme, host and port only. */
export function originList(): z.ZodType<readonly string[]> {
  return commaList().refine(
    (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase()),
    'contains an entry that is not an origin',
  );
}

/** An http(s) address, without a trailing slash or `withoutSuffix`. */
export function webAddress(withoutSuffix = ''): z.ZodType<string> {
  return address(withoutSuffix, (written) => written);
}

/** As `webAddress`, with optional placeholders `{region}` and `{host}` (the service's own host). */
export function regionalAddress(withoutSuffix = ''): z.ZodType<string> {
  return address(withoutSuffix, (written) =>
    written.replaceAll('{region}', 'us-east-1').replaceAll('{host}', 'q.example.com'),
  );
}

function address(withoutSuffix: string, filled: (written: string) => string): z.ZodType<string> {
  return text
    .refine(
      (written) => /^https?:\/\//i.test(written) && URL.canParse(filled(written)),
      'is not an http or https address',
    )
    .refine((written) => !/[?#]/.test(written), 'contains a query or a fragment')
    .transform((written) => withoutEnding(withoutEnding(written, '/'), withoutSuffix))
    .transform((written) => withoutEnding(written, '/'));
}

export function proxyAddress(): z.ZodType<string> {
  return text.refine(
    (written) =>
      /^(?:https?|socks5h?|socks):\/\//i.test(written) && URL.canParse(written) && !/%(?![0-9a-f]{2})/i.test(written),
    'is not a proxy address',
  );
}

/** Addresses of webhooks, each with an optional shape in front. */
export function webhookList(): z.ZodType<readonly string[]> {
  return commaList()
    .refine((written) => written.length <= 10, 'has more than ten entries')
    .refine(
      (written) => written.every((one) => URL.canParse(one.replace(/^(?:json|slack|feishu|dingtalk):(?=https?:)/, ''))),
      'contains an entry that is not an address',
    )
    .refine(
      (written) => written.every((one) => /^(?:(?:json|slack|feishu|dingtalk):)?https?:\/\//.test(one)),
      'contains an entry that is not an http or https address',
    );
}

/** A path; `~/` is the home directory. */
export function filePath(): z.ZodType<string> {
  return text.transform((written) => (/^~(?:$|[/\\])/.test(written) ? join(homedir(), written.slice(1)) : written));
}

/** A path, or undefined for `off`. */
export function filePathOrOff(): z.ZodType<string | undefined> {
  return z.union([
    text
      .toLowerCase()
      .pipe(z.literal('off'))
      .transform(() => undefined),
    filePath(),
  ]);
}

/** A name; `on` (or yes) gives the empty string, `off` (or no) undefined. */
export function nameOrOff(pattern: RegExp, what: string): z.ZodType<string | undefined> {
  return text.regex(pattern, `is not ${what}`).transform((written) => {
    const lower = written.toLowerCase();
    if (NO.includes(lower)) return undefined;
    return YES.includes(lower) ? '' : written;
  });
}

function withoutEnding(written: string, ending: string): string {
  return ending !== '' && written.endsWith(ending) ? written.slice(0, -ending.length) : written;
}
