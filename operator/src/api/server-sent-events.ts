export type ServerSentEvent = { readonly event: string; readonly data: string };

/** Characters of one event. A server that sends more is not the gateway. */
const MAX_EVENT_LENGTH = 1024 * 1024;

/** Parses server-sent events (HTML Living Standard, section 9.2) with one `data` line each. Throws RangeError if one is too long. */
export async function* serverSentEvents(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    if (text.length > MAX_EVENT_LENGTH) throw new RangeError('An event is too long.');
    for (const block of blocks) {
      const event = fieldOf(block, 'event');
      const data = fieldOf(block, 'data');
      if (event !== undefined && data !== undefined) yield { event, data };
    }
  }
}

function fieldOf(block: string, name: string): string | undefined {
  const line = block.split('\n').find((each) => each.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}
