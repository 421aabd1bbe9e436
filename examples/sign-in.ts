/**
 * Signs in with the device flow and sends a prompt with the new account.
 * Run it: node examples/sign-in.ts [https://YOUR-COMPANY.awsapps.com/start REGION]
 */
import { createDragoman } from '../src/index.ts';

const [startUrl, region] = process.argv.slice(2);

await using dragoman = await createDragoman();

const pending = await dragoman.signIn({ startUrl, region });
console.log(
  `Open ${pending.verificationUrl}\nand confirm the code ${pending.userCode} before ${pending.expiresAt.toLocaleTimeString()}.`,
);

const account = await pending.wait();
console.log(`Signed in as ${account.label} (${account.kind}, ${account.status})`);

const { text } = await dragoman.reply('Say hello.');
console.log(text);
