/** Formats the log for a terminal: one line per JSON line, plus any stack trace. */
import { styleText } from 'node:util';

const TRACE = 10;
const DEBUG = 20;
const WARN = 40;
const ERROR = 50;
const FATAL = 60;

const LEVELS: Readonly<Record<number, { readonly name: string; readonly style: Style }>> = {
  [TRACE]: { name: 'TRACE', style: 'dim' },
  [DEBUG]: { name: 'DEBUG', style: 'dim' },
  [WARN]: { name: 'WARN', style: 'yellow' },
  [ERROR]: { name: 'ERROR', style: 'red' },
  [FATAL]: { name: 'FATAL', style: 'red' },
};

type Style = 'dim' | 'green' | 'yellow' | 'red' | 'bold';
type Paint = (style: Style, text: string) => string;
type Fields = Readonly<Record<string, unknown>>;

/** `12:50:01 POST /v1/chat/completions 200 0.2s claude-sonnet-4.5 130→45 tok Builder-ID`, ending in a line feed. */
export function formatForTerminal(line: string, colour: boolean): string {
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const { level, time, msg, ...fields } = JSON.parse(line);
  const text = isRequest(fields) ? requestLine(fields, paint) : eventLine(String(msg ?? ''), fields);
  const known = LEVELS[level];
  // A request's status already shows its severity.
  const shown = known && !isRequest(fields) ? `${paint(known.style, known.name)} ` : '';
  return `${paint('dim', clock(time))} ${shown}${text}\n${level >= ERROR ? stackOf(fields) : ''}`;
}

function isRequest(fields: Fields): boolean {
  return typeof fields.method === 'string' && typeof fields.path === 'string' && typeof fields.status === 'number';
}

function requestLine(fields: Fields, paint: Paint): string {
  const { method, path, status, durationMs, model, usage, code, error, client, adjustmentCount } = fields;
  const route = record(fields.route);
  const parts = [
    escaped(method),
    escaped(path),
    paint(styleOf(Number(status)), String(status)),
    seconds(durationMs),
    escaped(route.modelId ?? model),
    tokens(record(usage)),
    dashed(route.accountLabel ?? route.accountId),
    client === undefined || client === 'local' ? '' : `client=${dashed(client)}`,
    Number(adjustmentCount) > 0 ? `adjustments=${adjustmentCount}` : '',
  ];
  if (code !== undefined) parts.push(paint(styleOf(Number(status)), failure(code, record(error))));
  return parts.filter((part) => part !== '').join(' ');
}

/** `no_account: No account is signed in. Run …`, or the field and rule of an invalid request. */
function failure(code: unknown, { message, param, rule }: Fields): string {
  if (message !== undefined) return `${escaped(code)}: ${escaped(message)}`;
  const place = [param, rule].filter((part) => part !== undefined).map(escaped);
  return place.length === 0 ? escaped(code) : `${escaped(code)} (${place.join(', ')})`;
}

/** The message, then the relevant fields as `name=value`. */
function eventLine(message: string, fields: Fields): string {
  const pairs = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && value !== null && name !== 'requestId')
    .map(([name, value]) => `${escaped(name)}=${valueText(value)}`);
  return [escaped(message), ...pairs].join(' ');
}

function valueText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return quoted(escaped(value));
  const { message, stack } = record(value);
  if (typeof message === 'string' && typeof stack === 'string') return quoted(escaped(message));
  return escaped(JSON.stringify(value));
}

function quoted(text: string): string {
  return /\s/.test(text) ? `"${text}"` : text;
}

/** The stack traces of errors in the fields and of their causes, indented. */
function stackOf(fields: Fields): string {
  return Object.values(fields)
    .flatMap((value) => stacksOf(record(value)))
    .flatMap((stack) => stack.split('\n'))
    .map((row) => `    ${escaped(row.trim())}\n`)
    .join('');
}

function stacksOf({ stack, cause }: Fields): readonly string[] {
  if (typeof stack !== 'string' || stack === '') return [];
  return [stack, ...stacksOf(record(cause)).map((text) => `caused by: ${text}`)];
}

/** `130→45 tok`, with `~` before an estimate. */
function tokens({ inputTokens, outputTokens }: Fields): string {
  if (inputTokens === undefined && outputTokens === undefined) return '';
  const figures = [inputTokens, outputTokens].map((figure) => {
    const [value = '?', provenance] = String(figure ?? '?').split(' ');
    return provenance === 'estimated' ? `~${value}` : value;
  });
  return escaped(`${figures.join('→')} tok`);
}

function seconds(durationMs: unknown): string {
  const ms = Number(durationMs);
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)}s` : '';
}

function styleOf(status: number): Style {
  if (status < 400) return 'green';
  return status < 500 ? 'yellow' : 'red';
}

/** Replaces spaces in labels, because spaces separate the parts of a line. */
function dashed(value: unknown): string {
  return value === undefined ? '' : escaped(value).replaceAll(/\s+/g, '-').slice(0, 60);
}

/** The local time of day. */
function clock(time: unknown): string {
  const date = new Date(String(time));
  if (Number.isNaN(date.getTime())) return '--:--:--';
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Escapes characters that move the cursor, colour the terminal, start a line or reverse the text. */
function escaped(value: unknown): string {
  if (value === undefined) return '';
  return String(value).replaceAll(
    /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
