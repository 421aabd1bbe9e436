/** Starts the console: the language first, so that no text appears in the wrong one. */
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { takeTicket } from './session/session.ts';
import { startLanguages } from './texts/languages.ts';

const ticket = takeTicket();
// A one-time link that is opened in a tab with the console changes only the hash.
addEventListener('hashchange', () => {
  if (location.hash.includes('ticket=')) location.reload();
});
await startLanguages();
const root = document.getElementById('root');
if (!root) throw new Error('The document has no element with the id "root".');
createRoot(root).render(
  <StrictMode>
    <App ticket={ticket} />
  </StrictMode>,
);
