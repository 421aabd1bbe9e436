/**
 * Prepares images and documents before a conversation is encoded: fetches URLs, scales large images down and checks
 * documents. The same attachment becomes the same bytes in every turn of a conversation.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { untilAborted } from '../../core/async.ts';
import { Attachment } from '../../core/attachment.ts';
import type { Conversation, DocumentPart, ImagePart } from '../../core/conversation.ts';
import { clientClosed, GatewayError } from '../../core/errors.ts';
import { isImageFormat } from '../../core/file-format.ts';
import type { MediaLimits } from '../../upstreams/upstream.ts';
import type { FetchForClient, Link, MediaTools } from '../ports.ts';
import { prepareDocument } from './documents.ts';
import { hasAttachments, mapAttachments, type Place } from './parts.ts';
import { mediaAdjustment } from './rules.ts';
import { isRefusal, unreadable, withoutUnreadable } from './unreadable.ts';

export interface Prepared {
  readonly conversation: Conversation;
  readonly adjustments: readonly Adjustment[];
}

/**
 * Replaces URLs with the files they name. Fetched files are cached per `client`. Throws GatewayError `invalid_request`
 * naming the URL's field of a message that the model will answer, or `client_closed`.
 */
export async function fetchAttachments(
  conversation: Conversation,
  client: string,
  { fetch }: Pick<MediaTools, 'fetch'>,
  signal: AbortSignal,
): Promise<Prepared> {
  if (!hasAttachments(conversation)) return { conversation, adjustments: [] };
  const links: PlacedLink[] = [];
  await mapAttachments(conversation, async (part, place) => {
    if (part.type === 'document' && part.source.type === 'url')
      links.push({ ...part.source, place, isOptional: place !== 'message' });
    return part;
  });
  if (links.length === 0) return { conversation, adjustments: [] };
  const fetchedByUrl = await fetchAll(links, client, fetch, signal);
  const adjustments: Adjustment[] = [];
  const fetched = await mapAttachments(conversation, async (part, place) => {
    if (part.type !== 'document' || part.source.type !== 'url') return part;
    const { url, at } = part.source;
    const attachment = fetchedByUrl.get(url);
    if (!attachment) return part;
    if (attachment instanceof GatewayError) return withoutUnreadable(part, place, attachment, adjustments);
    adjustments.push(mediaAdjustment('attachment-fetched', at, undefined, `${attachment.size} bytes`));
    return { ...withName(part, url), source: { type: 'attachment', attachment } };
  });
  return { conversation: fetched, adjustments };
}

const MAX_LINKS = 100;
/** The same as the default limit of a request body. */
const MAX_FETCHED_BYTES = 64 * 1024 * 1024;

interface PlacedLink extends Link {
  readonly place: Place;
}

/** With the error in place of what cannot be fetched, unless a message that the model will answer needs it. */
async function fetchAll(
  links: readonly PlacedLink[],
  client: string,
  fetch: FetchForClient,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Attachment | GatewayError>> {
  const beyond = links[MAX_LINKS];
  if (beyond) throw tooMany(beyond, `a request may contain at most ${MAX_LINKS} URLs to fetch`);
  if (signal.aborted) throw clientClosed();
  const fetched = new Map<string, Attachment | GatewayError>();
  let total = 0;
  const unique = new Map<string, PlacedLink>();
  for (const link of links) if (link.place === 'message' || !unique.has(link.url)) unique.set(link.url, link);
  const fetchOne = async (link: PlacedLink): Promise<void> => {
    const bytes = await fetch(link, client).catch((cause: unknown) => {
      if (link.place === 'message' || !isRefusal(cause)) throw cause;
      fetched.set(link.url, cause);
    });
    if (!bytes) return;
    total += bytes.length;
    if (total > MAX_FETCHED_BYTES)
      throw tooMany(link, `the files at a request's URLs may have at most ${MAX_FETCHED_BYTES} bytes in total`);
    fetched.set(link.url, Attachment.fromBytes(bytes));
  };
  await untilAborted(Promise.all([...unique.values()].map(fetchOne)), signal);
  return fetched;
}

function tooMany({ at }: Link, why: string): GatewayError {
  return new GatewayError('request_too_large', `${at}: ${why}.`, { param: at, rule: 'attachment-url' });
}

/** Names a file without a name after the last segment of its URL: the extension says which kind of text it is. */
function withName(part: DocumentPart, url: string): DocumentPart {
  const last = /\/([^/?#]+\.[a-z0-9]{1,5})(?:[?#]|$)/i.exec(url)?.[1];
  return part.name !== undefined || last === undefined ? part : { ...part, name: last };
}

/**
 * Leaves attachments that fit unchanged. Throws GatewayError `invalid_request` naming the part of a message that the model
 * will answer, or `client_closed`.
 */
export async function fitAttachments(
  conversation: Conversation,
  limits: MediaLimits,
  { fitImage, readDocument }: Pick<MediaTools, 'fitImage' | 'readDocument'>,
  signal: AbortSignal,
): Promise<Prepared> {
  const adjustments: Adjustment[] = [];
  const scaled = async (image: ImagePart): Promise<ImagePart> => {
    // For a model without image input the encoder replaces the image with a text, and records that.
    if (!limits.image) return image;
    const fitted = await untilAborted(fitImage(image, limits.image), signal);
    if (!fitted) return image;
    adjustments.push(mediaAdjustment('image-scaled', image.at, fitted.before, fitted.after));
    const { attachment } = fitted;
    return { ...image, attachment, mediaType: `image/${attachment.format}` };
  };
  const scope = { read: readDocument, nativeBytes: limits.documentBytes, adjustments };
  const fitted = async (part: ImagePart | DocumentPart): Promise<ImagePart | DocumentPart> => {
    if (part.type === 'image') return scaled(part);
    const document = await untilAborted(prepareDocument(part, scope), signal);
    return document.type === 'image' ? scaled(document) : document;
  };
  const prepared = await mapAttachments(conversation, async (part, place) => {
    // The encoder refuses it in a message.
    if (limits.image && place !== 'message' && part.type === 'image' && !isImageFormat(part.attachment.format))
      return unreadable(part, 'it is not a PNG, JPEG, GIF or WebP.', adjustments);
    return fitted(part).catch((error: unknown) => withoutUnreadable(part, place, error, adjustments));
  });
  return { conversation: prepared, adjustments };
}
