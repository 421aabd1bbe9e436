/**
 * Server-sent events as text. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * A raw line break inside a field would end it early and let text inject an event, so line breaks are removed or rejected.
 */

/** One event. `json` must be JSON text, in which a raw line break can only be white space and becomes a space. */
export function sseEvent(name: string | undefined, json: string): string {
  const data = `data: ${hasLineBreak(json) ? json.replaceAll(LINE_BREAKS, ' ') : json}\n\n`;
  if (name === undefined) return data;
  if (hasLineBreak(name)) throw new TypeError('the name of a server-sent event must be one line');
  return `event: ${name}\n${data}`;
}

/** A comment, which clients ignore. It shows proxies and watchdogs that the connection is alive. */
export function sseComment(text: string): string {
  return `: ${text.replaceAll(LINE_BREAKS, '\n: ')}\n\n`;
}

const LINE_BREAKS = /[\r\n]+/g;

function hasLineBreak(text: string): boolean {
  return text.includes('\n') || text.includes('\r');
}
