/** `dragoman capsule`: writes what a recent request exchanged to a file for a bug report, without its text. */
import { writeFile } from 'node:fs/promises';
import { readFromGateway } from './admin-client.ts';
import { type Command, printJson, requiredArgument, textOption } from './command.ts';
import { givenUrl } from './given-url.ts';
import { settingOptions } from './settings-of.ts';

export const capsule: Command = {
  name: 'capsule',
  summary: 'Write a recent request to a file for a bug report, without its text',
  argument: { name: 'request-id', meaning: 'as in the header x-request-id, the log and the console' },
  options: [
    ...settingOptions('host', 'port', 'database'),
    { flag: '--url <address>', meaning: 'address of the gateway, if it is not the one of these settings' },
    { flag: '--output <file>', meaning: 'file to write; - for stdout (default: capsule-REQUEST_ID.json)' },
    { flag: '--with-text', meaning: 'keep texts and names; secrets are masked all the same' },
  ],
  examples: [
    'dragoman capsule req_abcdefghijklmnopqrstuvwx',
    'dragoman capsule req_abcdefghijklmnopqrstuvwx --output - | less',
  ],
  async run(input) {
    const { terminal, json, options } = input;
    const id = requiredArgument(input, 'the id of a request');
    const withText = options.withText === true;
    const path = `/v2/requests/${encodeURIComponent(id)}/capsule${withText ? '?text=true' : ''}`;
    const text = `${JSON.stringify(JSON.parse(await readFromGateway(input, path, givenUrl(input))), null, 2)}\n`;
    const file = textOption(input, 'output') ?? `capsule-${id.replaceAll(/[^\w-]/g, '_')}.json`;
    if (file === '-') {
      terminal.out(text);
      return 0;
    }
    // Readable by its owner alone.
    await writeFile(file, text, { mode: 0o600 });
    if (json) printJson(terminal, { file, withText });
    else
      terminal.say(
        `Wrote ${file}. ${withText ? 'It contains the text of the request.' : 'Texts are filler, names and ids are hashes.'} Check it with \`dragoman replay ${file}\`.\n`,
      );
    return 0;
  },
};
