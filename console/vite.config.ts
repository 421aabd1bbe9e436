/** How the console is built. tools/console.ts runs it and compresses the result. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // The gateway puts the nonce of each response here: src/http/console/routes.ts.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    // The gateway's package has no use for it: the document names the files.
    manifest: false,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '^/(v1|v2|docs|openapi.json|health|metrics)': 'http://127.0.0.1:8080' } },
});
