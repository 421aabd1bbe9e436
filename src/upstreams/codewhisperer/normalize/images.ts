/** An image's real type is what its first bytes say; the service refuses a wrong one. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, DocumentPart, ImagePart, TextPart } from '../../../core/conversation.ts';
import { GatewayError } from '../../../core/errors.ts';
import { imageFormat } from '../../../core/image-size.ts';
import { mapParts, mapShared, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function images(conversation: Conversation, { model }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const refused = model !== undefined && !model.takesImages;
  const settle = <P extends TextPart | ImagePart | DocumentPart>(part: P): P | TextPart | ImagePart => {
    if (part.type !== 'image') return part;
    if (!refused) return identified(part, adjustments);
    adjustments.push(note('image-not-supported', part.at, part.mediaType, 'text'));
    return { type: 'text', at: part.at, text: '[An image was here. This model takes no images.]' };
  };
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type === 'image') return settle(part);
    if (part.type !== 'tool-result') return part;
    const content = mapShared(part.content, settle);
    return content === part.content ? part : { ...part, content };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

function identified(part: ImagePart, adjustments: Adjustment[]): ImagePart {
  const data = standardBase64(part.data);
  if (data !== part.data) adjustments.push(note('image-encoding', part.at));
  const format = imageFormat(Buffer.from(data.slice(0, 24), 'base64'));
  if (format === undefined) {
    throw new GatewayError(
      'invalid_request',
      `The image at ${part.at} (declared as ${part.mediaType}) is no PNG, JPEG, GIF or WebP. Convert it to one of these.`,
      { param: part.at, rule: 'image-format' },
    );
  }
  const mediaType = `image/${format}`;
  const declared = part.mediaType.toLowerCase().replace('image/jpg', 'image/jpeg');
  if (mediaType !== declared) adjustments.push(note('image-type', part.at, part.mediaType, mediaType));
  return mediaType === part.mediaType && data === part.data ? part : { ...part, mediaType, data };
}

/** Line breaks, the URL alphabet and missing padding are common in the wild; Node's decoder reads them all. */
export function standardBase64(data: string): string {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(data, 'base64');
  const isStandard = bytes.length === (data.length / 4) * 3 - padding && !data.includes('-') && !data.includes('_');
  return isStandard ? data : bytes.toString('base64');
}
