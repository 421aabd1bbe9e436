/** The data of each event, parsed; `[DONE]` is left out. */
export function parseServerSentEvents(text: string): unknown[] {
  return text.split('\n\n').flatMap((block) => {
    const data = block
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice('data:'.length).trim())
      .join('\n');
    return data === '' || data === '[DONE]' ? [] : [JSON.parse(data)];
  });
}
