/**
 * Makes images and documents fit before a conversation is encoded: fetches addresses, scales large images down, looks
 * into documents. The same attachment becomes the same bytes in every turn of a conversation.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { untilAborted } from '../../core/async.ts';
import { Attachment } from '../../core/attachment.ts';
import type { Conversation, DocumentPart, ImagePart } from '../../core/conversation.ts';
import { clientClosed, GatewayError } from '../../core/errors.ts';
import type { MediaLimits } from '../../upstreams/upstream.ts';
import type { FetchForClient, Link, MediaTools } from '../ports.ts';
import { settleDocument } from './documents.ts';
import { mapAttachments } from './parts.ts';
import { note } from './rules.ts';

export interface Prepared {
  readonly conversation: Conversation;
  readonly adjustments: readonly Adjustment[];
}

/**
 * Puts the files in place of their addresses. `client` keeps apart what different clients have fetched. Throws
 * GatewayError `invalid_request` naming the address, or `client_closed`.
 */
export async function fetchAttachments(
  conversation: Conversation,
  client: string,
  { fetch }: Pick<MediaTools, 'fetch'>,
  signal: AbortSignal,
): Promise<Prepared> {
  const links: Link[] = [];
  await mapAttachments(conversation, async (part) => {
    if (part.type === 'document' && part.source.type === 'url') links.push(part.source);
    return part;
  });
  if (links.length === 0) return { conversation, adjustments: [] };
  const fetchedFrom = await fetchAll(links, client, fetch, signal);
  const adjustments: Adjustment[] = [];
  const fetched = await mapAttachments(conversation, async (part) => {
    if (part.type !== 'document' || part.source.type !== 'url') return part;
    const { url, at } = part.source;
    const attachment = fetchedFrom.get(url);
    if (!attachment) return part;
    adjustments.push(note('attachment-fetched', at, undefined, `${attachment.size} bytes`));
    return { ...withName(part, url), source: { type: 'attachment', attachment } };
  });
  return { conversation: fetched, adjustments };
}

const MAX_LINKS = 100;
/** As much as the body of a request, by default. */
const MAX_FETCHED_BYTES = 64 * 1024 * 1024;

async function fetchAll(
  links: readonly Link[],
  client: string,
  fetch: FetchForClient,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Attachment>> {
  const beyond = links[MAX_LINKS];
  if (beyond) throw tooMany(beyond, `a request may have at most ${MAX_LINKS} addresses to fetch`);
  if (signal.aborted) throw clientClosed();
  const fetched = new Map<string, Attachment>();
  let total = 0;
  const unique = new Map<string, Link>();
  for (const link of links) if (!unique.has(link.url)) unique.set(link.url, link);
  const fetchOne = async (link: Link): Promise<void> => {
    const bytes = await fetch(link, client);
    total += bytes.length;
    if (total > MAX_FETCHED_BYTES)
      throw tooMany(link, `the files at a request's addresses may have ${MAX_FETCHED_BYTES} bytes together`);
    fetched.set(link.url, Attachment.fromBytes(bytes));
  };
  await untilAborted(Promise.all([...unique.values()].map(fetchOne)), signal);
  return fetched;
}

function tooMany({ at }: Link, why: string): GatewayError {
  return new GatewayError('request_too_large', `${at}: ${why}.`, { param: at, rule: 'attachment-url' });
}

/** The last segment of the address for a file without a name: its extension says which kind of text it is. */
function withName(part: DocumentPart, url: string): DocumentPart {
  const last = /\/([^/?#]+\.[a-z0-9]{1,5})(?:[?#]|$)/i.exec(url)?.[1];
  return part.name !== undefined || last === undefined ? part : { ...part, name: last };
}

/** Leaves as it is what fits. Throws GatewayError `invalid_request` naming the part, or `client_closed`. */
export async function fitAttachments(
  conversation: Conversation,
  limits: MediaLimits,
  { fitImage, readDocument }: Pick<MediaTools, 'fitImage' | 'readDocument'>,
  signal: AbortSignal,
): Promise<Prepared> {
  const notes: Adjustment[] = [];
  const scaled = async (image: ImagePart): Promise<ImagePart> => {
    // A model that sees no images gets a text in its place, which the encoder notes.
    if (!limits.image) return image;
    const fitted = await untilAborted(fitImage(image, limits.image), signal);
    if (!fitted) return image;
    notes.push(note('image-scaled', image.at, fitted.before, fitted.after));
    const { attachment } = fitted;
    return { ...image, attachment, mediaType: `image/${attachment.format}` };
  };
  const scope = { read: readDocument, nativeBytes: limits.documentBytes, notes };
  const settled = await mapAttachments(conversation, async (part) => {
    if (part.type === 'image') return scaled(part);
    const document = await untilAborted(settleDocument(part, scope), signal);
    return document.type === 'image' ? scaled(document) : document;
  });
  return { conversation: settled, adjustments: notes };
}
