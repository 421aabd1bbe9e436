/**
 * Images and documents, made fit before a conversation is encoded: addresses are fetched, large images scaled down,
 * documents looked into. The same attachment becomes the same bytes in every turn of a conversation.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { untilAborted } from '../../core/async.ts';
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
 * Puts what addresses point at in their place. `client` keeps apart what different clients have fetched. Throws
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
  const bytesOf = await fetchAll(links, client, fetch, signal);
  const adjustments: Adjustment[] = [];
  const fetched = await mapAttachments(conversation, async (part) => {
    if (part.type !== 'document' || part.source.type !== 'url') return part;
    const { url, at } = part.source;
    const bytes = bytesOf.get(url);
    if (!bytes) return part;
    adjustments.push(note('attachment-fetched', at, undefined, `${bytes.length} bytes`));
    return { ...withName(part, url), source: { type: 'base64', data: Buffer.from(bytes).toString('base64') } };
  });
  return { conversation: fetched, adjustments };
}

const MAX_LINKS = 100;
/** As much as a request may bring along itself, by default. */
const MAX_FETCHED_BYTES = 64 * 1024 * 1024;

async function fetchAll(
  links: readonly Link[],
  client: string,
  fetch: FetchForClient,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const beyond = links[MAX_LINKS];
  if (beyond) throw tooMany(beyond, `a request may have ${MAX_LINKS} addresses to fetch`);
  if (signal.aborted) throw clientClosed();
  const fetched = new Map<string, Uint8Array>();
  let total = 0;
  const unique = new Map<string, Link>();
  for (const link of links) if (!unique.has(link.url)) unique.set(link.url, link);
  const fetchOne = async (link: Link): Promise<void> => {
    const bytes = await fetch(link, client);
    total += bytes.length;
    if (total > MAX_FETCHED_BYTES)
      throw tooMany(link, `what a request points at may have ${MAX_FETCHED_BYTES} bytes altogether`);
    fetched.set(link.url, bytes);
  };
  await untilAborted(Promise.all([...unique.values()].map(fetchOne)), signal);
  return fetched;
}

function tooMany({ at }: Link, why: string): GatewayError {
  return new GatewayError('request_too_large', `${at}: ${why}.`, { param: at, rule: 'attachment-url' });
}

/** The last part of the address, for want of a better name: its extension says what a text is. */
function withName(part: DocumentPart, url: string): DocumentPart {
  const last = /\/([^/?#]+\.[a-z0-9]{1,5})(?:[?#]|$)/i.exec(url)?.[1];
  return part.name !== undefined || last === undefined ? part : { ...part, name: last };
}

/** What fits is left as it is. Throws GatewayError `invalid_request` naming the part, or `client_closed`. */
export async function fitAttachments(
  conversation: Conversation,
  limits: MediaLimits,
  { fitImage, readDocument }: Pick<MediaTools, 'fitImage' | 'readDocument'>,
  signal: AbortSignal,
): Promise<Prepared> {
  const notes: Adjustment[] = [];
  const scaled = async (image: ImagePart): Promise<ImagePart> => {
    // A model which sees no images gets a text in its place; the encoder says so.
    if (!limits.image) return image;
    const fitted = await untilAborted(fitImage(image, limits.image), signal);
    if (!fitted) return image;
    notes.push(note('image-scaled', image.at, fitted.before, fitted.after));
    return { ...image, data: fitted.data, mediaType: fitted.mediaType };
  };
  const scope = { read: readDocument, nativeBytes: limits.documentBytes, notes };
  const settled = await mapAttachments(conversation, async (part) => {
    if (part.type === 'image') return scaled(part);
    const document = await untilAborted(settleDocument(part, scope), signal);
    return document.type === 'image' ? scaled(document) : document;
  });
  return { conversation: settled, adjustments: notes };
}
