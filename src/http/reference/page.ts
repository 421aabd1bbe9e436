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

/** Scalar's own greys and the colours of the methods have less contrast than WCAG 2 AA requires (4.5). */
const CONTRAST = `
.light-mode.light-mode {
  --scalar-color-3: #6b6b6b;
  --scalar-color-green: #00734a;
  --scalar-color-red: #c20000;
  --scalar-color-yellow: #7d5900;
  --scalar-color-orange: #a34a00;
}
.dark-mode.dark-mode {
  --scalar-color-3: #929292;
  --scalar-color-red: #ff6b6b;
}
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
  customCss: CONTRAST,
  authentication: { preferredSecurityScheme: 'bearer' },
} satisfies Partial<ApiReferenceConfiguration>;

/** A file of its own: the content security policy allows no script in the page. */
export const START_SCRIPT = `Scalar.createApiReference('#reference', ${JSON.stringify(CONFIGURATION)});\n`;
