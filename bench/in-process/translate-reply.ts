/** From the service's bytes of a reply to the client's text. */
import type { ReplyEvent } from '../../src/core/reply.ts';
import { runAtOnce } from '../../src/core/steps.ts';
import { estimated } from '../../src/core/usage.ts';
import type { ClientProtocol } from '../../src/protocols/protocol.ts';
import { createDecoder } from '../../src/upstreams/codewhisperer/decode.ts';
import { CONTEXT } from './encode-request.ts';

/** A function that translates a whole reply and returns the length of its text in bytes. */
export function replyTranslator(
  protocol: ClientProtocol,
): (body: Buffer, change?: (event: ReplyEvent) => ReplyEvent) => number {
  const messages = [{ role: 'user', content: 'hello' }];
  const request = runAtOnce(protocol.parseRequest({ model: 'm', stream: true, max_tokens: 100, messages }, CONTEXT));
  return (body, change = (event) => event) => {
    const decoder = createDecoder({
      model: undefined,
      toolNames: new Map(),
      requiredArguments: new Map(),
      inputTokens: estimated(1),
      thinkingTags: false,
      header: () => undefined,
      expectsClosingEvents: false,
      note: () => {},
    });
    const writer = protocol.createWriter(request, protocol.replyId('a'.repeat(24)));
    let text = '';
    for (const event of [...decoder.push(body), ...decoder.end()]) text += writer.write(change(event));
    return Buffer.byteLength(text);
  };
}
