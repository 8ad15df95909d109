/** What a stream of server-sent events contains: an event, or an id alone, from which a reader can resume. */
export type ParsedEvent = { readonly type: string; readonly data: string };

export type EventParserOptions = {
  readonly onEvent: (event: ParsedEvent) => void;
  readonly onId: (id: string) => void;
};

/** Characters of one event, and of one line. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Parses server-sent events (HTML Living Standard, section 9.2.6) that arrive in pieces. An id counts even without data:
 * the gateway sends one at the beginning, so that a reader that is cut off before its first event can resume.
 */
export class EventParser {
  readonly #options: EventParserOptions;
  #unread = '';
  #type = '';
  #data: string[] = [];
  #length = 0;

  constructor(options: EventParserOptions) {
    this.#options = options;
  }

  /** Throws RangeError if an event is too long to be one of the gateway. */
  feed(text: string): void {
    const lines = (this.#unread + text).split(/\r\n|\n|\r(?=[\s\S])/);
    this.#unread = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    if (this.#unread.length + this.#length > MAX_LENGTH) throw new RangeError('An event is too long.');
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#options.onId(value);
    else if (name === 'data') {
      this.#data.push(value);
      this.#length += value.length;
    }
  }

  #dispatch(): void {
    const event = { type: this.#type || 'message', data: this.#data.join('\n') };
    const hasData = this.#data.length > 0;
    this.#type = '';
    this.#data = [];
    this.#length = 0;
    if (hasData) this.#options.onEvent(event);
  }
}
