/** The option `--url` of commands that work with a running gateway. */
import { type CommandInput, textOption, UsageError } from './command.ts';

/** Without a slash at its end. Throws UsageError if it is not an address. */
export function givenUrl(input: CommandInput): string | undefined {
  const written = textOption(input, 'url');
  if (written === undefined) return undefined;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw new UsageError(
      `--url takes an address such as https://dragoman.example.com, not ${JSON.stringify(written)}.`,
    );
  return url.href.replace(/#.*/, '').replace(/\/+$/, '');
}
