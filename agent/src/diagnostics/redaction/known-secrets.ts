import { type SecretForm, secretForms } from './secret-forms.ts';

export const REDACTED = '[redacted]';

/** A text that was cut in the middle of a secret must not end with this much of it. */
const SHORTEST_BEGINNING = 6;
/** Beyond it the oldest are forgotten. */
const MOST = 512;
const RUN = /[A-Za-z0-9+/_=-]/;

/** The secrets this process knows, and those it knew: old log lines may hold them still. */
export class KnownSecrets {
  readonly #onForgotten: () => void;
  readonly #forms = new Map<string, readonly SecretForm[]>();
  #all: readonly SecretForm[] = [];

  /** `onForgotten` is told when there were too many: what was written down before then can no longer be cleaned. */
  constructor(onForgotten: () => void) {
    this.#onForgotten = onForgotten;
  }

  add(values: Iterable<string>): void {
    const size = this.#forms.size;
    for (const value of values) {
      if (value !== '' && !this.#forms.has(value)) this.#forms.set(value, secretForms(value));
    }
    if (this.#forms.size === size) return;
    const tooMany = this.#forms.size - MOST;
    if (tooMany > 0) {
      for (const value of [...this.#forms.keys()].slice(0, tooMany)) this.#forms.delete(value);
      this.#onForgotten();
    }
    // The longest first, so that a secret that holds another goes as a whole.
    this.#all = [...this.#forms.values()]
      .flat()
      .toSorted((one, other) => other.text.length - one.text.length);
  }

  /** The text without any of them, in any of their forms. */
  redact(text: string): string {
    let result = text;
    for (const form of this.#all) if (result.includes(form.text)) result = withoutForm(result, form);
    if (result.includes('%')) {
      const words = result.split(/(\s+)/);
      result = words.map((word) => (this.#isPlainIn(percentDecoded(word)) ? REDACTED : word)).join('');
    }
    if (result.includes('\\') && unescapings(result).some((each) => this.#isPlainIn(each))) return REDACTED;
    return this.#withoutBeginning(result);
  }

  /** Whether one of them stands in the text, whatever around it. */
  isIn(text: string): boolean {
    return this.#all.some(({ text: form, kind }) => kind !== 'word' && text.includes(form));
  }

  #isPlainIn(text: string): boolean {
    for (const value of this.#forms.keys()) {
      if (value.length >= SHORTEST_BEGINNING && text.includes(value)) return true;
    }
    return false;
  }

  #withoutBeginning(text: string): string {
    const tail = text.slice(-SHORTEST_BEGINNING);
    if (tail.length < SHORTEST_BEGINNING) return text;
    for (const value of this.#forms.keys()) {
      for (let at = value.indexOf(tail); at !== -1; at = value.indexOf(tail, at + 1)) {
        const beginning = value.slice(0, at + tail.length);
        if (text.endsWith(beginning)) return text.slice(0, -beginning.length) + REDACTED;
      }
    }
    return text;
  }
}

function withoutForm(text: string, { text: form, kind }: SecretForm): string {
  if (kind === 'plain') return text.replaceAll(form, REDACTED);
  let result = '';
  let done = 0;
  for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, Math.max(done, at + 1))) {
    let start = at;
    let end = at + form.length;
    if (kind === 'word') {
      if (/\w/.test(text[start - 1] ?? '') || /\w/.test(text[end] ?? '')) continue;
    } else {
      while (start > done && RUN.test(text[start - 1] ?? '')) start -= 1;
      while (RUN.test(text[end] ?? '')) end += 1;
    }
    result += text.slice(done, start) + REDACTED;
    done = end;
  }
  return result + text.slice(done);
}

function percentDecoded(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString());
}

/** A text without its escapes: of units alone, and of all. What was a unit can be a backslash of the secret itself. */
function unescapings(text: string): readonly string[] {
  const units = text.replaceAll(/\\+u([0-9a-fA-F]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return [units, units.replaceAll(/\\+(["'\\/])/g, '$1')];
}
