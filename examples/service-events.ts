/**
 * The service's own events, without a client protocol in between: sign in, send a request of the service, read its
 * events. In a program of your own: `import { AuthManager, CodeWhispererClient } from 'dragoman'`.
 * Run it: node examples/service-events.ts
 */
import { AuthManager, CodeWhispererClient } from '../src/index.ts';

const authManager = new AuthManager();
await authManager.authenticate();

const client = new CodeWhispererClient({
  // Asked before every request, so that a token that has expired is refreshed.
  tokenProvider: async () => {
    const token = await authManager.getValidToken();
    if (!token) throw new Error('No account is signed in.');
    return token.access_token;
  },
});

for await (const event of client.generateAssistantResponse({
  conversationState: {
    currentMessage: { userInputMessage: { content: 'Hello', origin: 'CLI' } },
    chatTriggerType: 'MANUAL',
  },
})) {
  if ('assistantResponseEvent' in event) process.stdout.write(event.assistantResponseEvent.content);
}
process.stdout.write('\n');

await authManager.close();
