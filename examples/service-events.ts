/**
 * Reads the service's own events, without a client protocol: signs in, sends a request to the service and reads its
 * events. In your own program: `import { AuthManager, CodeWhispererClient } from 'dragoman'`.
 * Run it: node examples/service-events.ts
 */
import { AuthManager, CodeWhispererClient } from '../src/index.ts';

const authManager = new AuthManager();
await authManager.authenticate();

const client = new CodeWhispererClient({
  // Called before every request, so that an expired token is refreshed.
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
