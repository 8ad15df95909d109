/** The value of a page that its URL keeps; equal to its default, it is left out. */
export type UrlField<Value> = {
  readonly default: Value;
  /** The value of a text from a URL; undefined if it is not valid. */
  read(text: string): Value | undefined;
  write(value: Value): string;
};

/** The fields of a page by their name in the URL. */
export type UrlFields = Readonly<Record<string, UrlField<unknown>>>;
export type UrlValues<Fields> = {
  readonly [Key in keyof Fields]: Fields[Key] extends UrlField<infer Value> ? Value : never;
};

const MAX_TEXT_LENGTH = 200;

export const textField = (initial = ''): UrlField<string> => ({
  default: initial,
  read: (text) => text.slice(0, MAX_TEXT_LENGTH),
  write: (value) => value,
});

export const choiceField = <const Choice extends string>(
  choices: readonly Choice[],
  initial: Choice,
): UrlField<Choice> & { readonly choices: readonly Choice[] } => ({
  choices,
  default: initial,
  read: (text) => choices.find((choice) => choice === text),
  write: (value) => value,
});

/** Several of a closed list, with commas in between: `state=stale,degraded`. */
export const choicesField = <const Choice extends string>(
  choices: readonly Choice[],
): UrlField<readonly Choice[]> => ({
  default: [],
  read: (text) => choices.filter((choice) => text.split(',').includes(choice)),
  write: (value) => value.join(','),
});

/** Reads the fields from a query string. What is not valid is the default: a URL comes from anywhere. */
export function readUrl<Fields extends UrlFields>(fields: Fields, search: string): UrlValues<Fields> {
  const query = new URLSearchParams(search);
  const entries = Object.entries(fields).map(([key, field]) => {
    const text = query.get(key);
    const { default: initial, read } = field as unknown as UrlField<unknown>;
    return [key, text === null ? initial : (read(text) ?? initial)];
  });
  return Object.fromEntries(entries) as UrlValues<Fields>;
}

/** Returns the query string with some of its fields changed; others, and unknown ones, stay as they are. */
export function writeUrl<Fields extends UrlFields>(
  fields: Fields,
  search: string,
  changes: Partial<UrlValues<Fields>>,
): string {
  const query = new URLSearchParams(search);
  for (const [key, value] of Object.entries(changes)) {
    const field = fields[key];
    if (field === undefined) continue;
    const text = field.write(value);
    if (text === field.write(field.default)) query.delete(key);
    else query.set(key, text);
  }
  return query.toString();
}
