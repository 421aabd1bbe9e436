/**
 * Uses dragoman as a library, without a server. In your own program: `import { createDragoman } from 'dragoman'`.
 * Run it: node examples/basic.ts "Why is the sky blue?"
 */
import { createDragoman } from '../src/index.ts';

const prompt = process.argv[2] ?? 'In one sentence: what is a dragoman?';

// Settings come from the environment; accounts come from the environment, `dragoman login` or the Kiro IDE.
await using dragoman = await createDragoman();

const stream = await dragoman.stream(prompt);
for await (const piece of stream.text) process.stdout.write(piece);
console.log(`\n— ${stream.route.modelId}`);

const reply = await dragoman.reply({ prompt, system: 'Answer in three words.' });
const { inputTokens, outputTokens } = reply.usage;
console.log(reply.text);
console.log(
  `— ${inputTokens.value} tokens in (${inputTokens.provenance}), ${outputTokens.value} out (${outputTokens.provenance})`,
);
