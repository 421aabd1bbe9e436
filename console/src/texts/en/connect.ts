/** Ready set-up for clients. */
export const connect = {
  lead: 'Pick a client and copy its set-up. The address is the one in your browser.',
  client: 'Client',
  baseUrl: 'Address of this gateway',
  model: 'Model',
  key: 'Client key',
  keyLocal: 'No key exists, so any text works, and only from this computer.',
  keyNeeded: 'Shown once when it is created. It stays on this page and is not stored.',
  createKey: 'Create a key',
  keyPlaceholder: 'dg-…',
  copyAll: 'Copy',
  more: 'More about this client',
  inTerminal: 'In a terminal',
  inFile: 'In the file {{file}}',
  inSettings: 'In its settings',
  field: '{{name}}: {{value}}',
  notes: {
    cursor: 'Cursor sends requests from its own servers, so the gateway needs a public HTTPS address and a client key.',
    openWebui:
      'Admin Panel → Settings → Connections → OpenAI API → +. From a container, the gateway on its host is host.docker.internal.',
    claudeDesktop: 'Claude Code takes the address without /v1.',
  },
  cursorFields: { key: 'OpenAI API Key', url: 'Override OpenAI Base URL', model: 'Add model' },
  openWebuiFields: { url: 'URL', key: 'Key' },
};
