import { type SecretForm, secretForms } from './secret-forms.ts';

export const REDACTED = '[redacted]';

/** Length from which the beginning of a secret at the end of a truncated text is redacted. */
const MIN_PREFIX_CHARACTERS = 6;
/** Beyond this number, the oldest secrets are forgotten. */
const MAX_SECRETS = 512;
const RUN = /[A-Za-z0-9+/_=-]/;

/** The current and former secrets of this process. Old log lines may still contain former ones. */
export class KnownSecrets {
  readonly #onForgotten: () => void;
  readonly #forms = new Map<string, readonly SecretForm[]>();
  #all: readonly SecretForm[] = [];

  /** `onForgotten` is called when secrets were forgotten, so that earlier text can no longer be redacted. */
  constructor(onForgotten: () => void) {
    this.#onForgotten = onForgotten;
  }

  add(values: Iterable<string>): void {
    const size = this.#forms.size;
    for (const value of values) {
      if (value !== '' && !this.#forms.has(value)) this.#forms.set(value, secretForms(value));
    }
    if (this.#forms.size === size) return;
    const tooMany = this.#forms.size - MAX_SECRETS;
    if (tooMany > 0) {
      for (const value of [...this.#forms.keys()].slice(0, tooMany)) this.#forms.delete(value);
      this.#onForgotten();
    }
    // Longest first, so that a secret that contains another is redacted as a whole.
    this.#all = [...this.#forms.values()]
      .flat()
      .toSorted((one, other) => other.text.length - one.text.length);
  }

  /** The text without any secret in any of its forms. */
  redact(text: string): string {
    let result = text;
    for (const form of this.#all) if (result.includes(form.text)) result = withoutForm(result, form);
    if (result.includes('%')) {
      const words = result.split(/(\s+)/);
      result = words.map((word) => (this.#isPlainIn(percentDecoded(word)) ? REDACTED : word)).join('');
    }
    if (result.includes('\\') && unescapings(result).some((each) => this.#isPlainIn(each))) return REDACTED;
    return this.#withoutPrefix(result);
  }

  /** Whether the text contains a secret, regardless of its context. */
  isIn(text: string): boolean {
    return this.#all.some(({ text: form, kind }) => kind !== 'word' && text.includes(form));
  }

  #isPlainIn(text: string): boolean {
    for (const value of this.#forms.keys()) {
      if (value.length >= MIN_PREFIX_CHARACTERS && text.includes(value)) return true;
    }
    return false;
  }

  #withoutPrefix(text: string): string {
    const tail = text.slice(-MIN_PREFIX_CHARACTERS);
    if (tail.length < MIN_PREFIX_CHARACTERS) return text;
    for (const value of this.#forms.keys()) {
      for (let at = value.indexOf(tail); at !== -1; at = value.indexOf(tail, at + 1)) {
        const prefix = value.slice(0, at + tail.length);
        if (text.endsWith(prefix)) return text.slice(0, -prefix.length) + REDACTED;
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

/** The text without Unicode escapes, and without all escapes. An unescaped character can be a backslash of the secret itself. */
function unescapings(text: string): readonly string[] {
  const units = text.replaceAll(/\\+u([0-9a-fA-F]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return [units, units.replaceAll(/\\+(["'\\/])/g, '$1')];
}
