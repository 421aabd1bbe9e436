/** Sets an image's type to the format of its bytes; the service refuses a wrong type. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, DocumentPart, ImagePart, TextPart } from '../../../core/conversation.ts';
import { GatewayError } from '../../../core/errors.ts';
import { isImageFormat } from '../../../core/file-format.ts';
import { mapParts, mapShared, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function images(conversation: Conversation, { model }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const unsupported = model !== undefined && !model.takesImages;
  const convert = <P extends TextPart | ImagePart | DocumentPart>(part: P): P | TextPart | ImagePart => {
    if (part.type !== 'image') return part;
    if (!unsupported) return identified(part, adjustments);
    adjustments.push(note('image-not-supported', part.at, part.mediaType, 'text'));
    return { type: 'text', at: part.at, text: '[An image was here. This model takes no images.]' };
  };
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type === 'image') return convert(part);
    if (part.type !== 'tool-result') return part;
    const content = mapShared(part.content, convert);
    return content === part.content ? part : { ...part, content };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

function identified(part: ImagePart, adjustments: Adjustment[]): ImagePart {
  const { format } = part.attachment;
  if (!isImageFormat(format)) {
    throw new GatewayError(
      'invalid_request',
      `The image at ${part.at} (declared as ${part.mediaType}) is not a PNG, JPEG, GIF or WebP. Convert it to one of these.`,
      { param: part.at, rule: 'image-format' },
    );
  }
  const mediaType = `image/${format}`;
  const declared = part.mediaType.toLowerCase().replace('image/jpg', 'image/jpeg');
  if (mediaType !== declared) adjustments.push(note('image-type', part.at, part.mediaType, mediaType));
  return mediaType === part.mediaType ? part : { ...part, mediaType };
}
