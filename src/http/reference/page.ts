/** `GET /docs`: the HTML around Scalar, and the script that starts it. */

import type { ApiReferenceConfiguration } from '@scalar/fastify-api-reference';

export const SCALAR_PATH = '/docs/scalar.js';
export const START_PATH = '/docs/start.js';

export const REFERENCE_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>dragoman API reference</title>
<link rel="icon" href="data:,">
</head>
<body>
<noscript>This page needs JavaScript. The same as JSON: <a href="/openapi.json">openapi.json</a></noscript>
<div id="reference"></div>
<script src="${SCALAR_PATH}"></script>
<script src="${START_PATH}"></script>
</body>
</html>
`;

/** Nothing is requested from or stored for another host, and no key is kept in the browser's storage. */
const CONFIGURATION = {
  url: '/openapi.json',
  theme: 'default',
  withDefaultFonts: false,
  telemetry: false,
  persistAuth: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  documentDownloadType: 'json',
  defaultOpenFirstTag: true,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  authentication: { preferredSecurityScheme: 'bearer' },
} satisfies Partial<ApiReferenceConfiguration>;

/** A file of its own: the content security policy allows no script in the page. */
export const START_SCRIPT = `Scalar.createApiReference('#reference', ${JSON.stringify(CONFIGURATION)});\n`;
