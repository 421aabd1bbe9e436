/** `GET /docs`: the OpenAPI document as a page. */
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { escapeHtml, page } from './page.ts';

export function referencePage(document: object): string {
  // A round trip through JSON gives the document a type that can be checked.
  const api: unknown = JSON.parse(JSON.stringify(document));
  const { info, paths } = isJsonObject(api) ? api : {};
  const title = isJsonObject(info) ? `${text(info.title)} ${text(info.version)}` : 'API';
  const sections = isJsonObject(paths) ? Object.entries(paths).flatMap(([path, item]) => operationsOf(path, item)) : [];
  return page(
    `${title} API`,
    `<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(isJsonObject(info) ? text(info.description) : '')}</p>
<p><a href="/">Overview</a> · <a href="/openapi.json">openapi.json</a></p>
${sections.join('\n')}`,
  );
}

function operationsOf(path: string, item: unknown): string[] {
  if (!isJsonObject(item)) return [];
  return Object.entries(item).flatMap(([method, operation]) => {
    return isJsonObject(operation) ? [section(method.toUpperCase(), path, operation)] : [];
  });
}

function section(method: string, path: string, operation: JsonObject): string {
  const parts = [
    ['Parameters', operation.parameters],
    ['Body', operation.requestBody],
    ['Answers', operation.responses],
  ];
  const shown = parts.flatMap(([name, part]) => {
    if (part === undefined) return [];
    return [`<h3>${String(name)}</h3><pre><code>${escapeHtml(JSON.stringify(part, null, 2))}</code></pre>`];
  });
  return `<details><summary><span class="verb">${method}</span> <code>${escapeHtml(path)}</code> ${escapeHtml(text(operation.summary))}</summary>
<p class="soft">${escapeHtml(text(operation.description))}</p>
${shown.join('\n')}
</details>`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
