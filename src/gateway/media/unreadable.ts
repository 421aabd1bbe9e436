/**
 * Attachments that cannot be read, in places from which the client sends them again with every later request: a line of
 * text takes their place.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type { TextPart } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { AttachmentPart, Place } from './parts.ts';
import { mediaAdjustment } from './rules.ts';

/** The text in place of the attachment. Throws the error if the client has to mend its request. */
export function withoutUnreadable(
  part: AttachmentPart,
  place: Place,
  error: unknown,
  adjustments: Adjustment[],
): TextPart {
  if (!isRefusal(error) || place === 'message') throw error;
  // Agents recognise the errors about documents, and read the document again in another way.
  if (place === 'result' && part.type === 'document' && part.source.type === 'attachment') throw error;
  return unreadable(part, reasonOf(error), adjustments);
}

/** Whether the error is about the attachment itself. */
export function isRefusal(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'invalid_request';
}

export function unreadable(part: AttachmentPart, reason: string, adjustments: Adjustment[]): TextPart {
  const { at, mediaType, cachePoint } = part;
  adjustments.push(mediaAdjustment('attachment-unreadable', at, mediaType, 'text'));
  const what = mediaType.startsWith('image/') ? 'An image' : 'A document';
  const text = `[${what} was here that cannot be read: ${reason}]`;
  return { type: 'text', at, text, ...(cachePoint ? { cachePoint } : {}) };
}

/** The message without the path of the client's field, which means nothing to the model. */
function reasonOf({ message, param }: GatewayError): string {
  return param !== undefined && message.startsWith(`${param}: `) ? message.slice(param.length + 2) : message;
}
