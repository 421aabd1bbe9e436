/** The sources of a reply: licence references, web links and citations as the service sends them. */
import { isJsonObject } from '../../core/json.ts';
import type { Source } from '../../core/reply.ts';
import type { EventPayloads, Untrusted } from './wire-events.ts';

type Payload<Kind extends keyof EventPayloads> = Untrusted<EventPayloads[Kind]>;

export function codeReferences({ references }: Payload<'codeReferenceEvent'>): Source[] {
  return objects(references).map(({ licenseName, repository, url }) => ({
    type: 'code',
    licenseName: text(licenseName),
    repository: text(repository),
    url: text(url),
  }));
}

export function webLinks({ supplementaryWebLinks }: Payload<'supplementaryWebLinksEvent'>): Source[] {
  return objects(supplementaryWebLinks).flatMap(({ url, title, snippet }) => {
    const address = text(url);
    return address ? [webSource(address, text(title), text(snippet))] : [];
  });
}

export function citation({ citationLink, citationText }: Payload<'citationEvent'>): Source[] {
  const url = text(citationLink);
  return url ? [webSource(url, undefined, text(citationText))] : [];
}

/** A web source if it has a URL, else a document that the client sent. */
export function documentCitation({
  location,
  source,
  title,
  sourceContent,
}: Payload<'documentCitationEvent'>): Source[] {
  const words = objects(sourceContent).flatMap((part) => text(part.text) ?? []);
  const quoted = words.length > 0 ? words.join('\n') : undefined;
  const web = isJsonObject(location) && isJsonObject(location.web) ? location.web : undefined;
  const url = text(web?.url);
  if (url) return [webSource(url, text(title) ?? text(web?.domain), quoted)];
  return [{ type: 'document', title: text(title) ?? text(source), text: quoted }];
}

function webSource(url: string, title: string | undefined, snippet: string | undefined): Source {
  return { type: 'web', url, title: title ?? url, snippet };
}

function objects(value: unknown) {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
