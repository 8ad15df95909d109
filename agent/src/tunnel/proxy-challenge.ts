/** Bounds what a proxy can put into a message of ours. */
const MAX_HEADER_LENGTH = 4_096;
const MAX_SCHEMES = 6;

/** One scheme in each challenge: a token, followed by its parameters or the next challenge (RFC 9110 section 11.6.1). */
const SCHEME = /(?:^|,)\s*([A-Za-z][A-Za-z0-9._+-]{0,31})(?=\s+[^\s=,]|\s*(?:,|$))/g;
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/** The authentication schemes that Proxy-Authenticate offers, as written by the proxy, each once. */
export function offeredSchemes(header: string | readonly string[] | undefined): readonly string[] {
  const text = (typeof header === 'string' ? header : (header ?? []).join(', ')).slice(0, MAX_HEADER_LENGTH);
  // Commas and words in quotes are not schemes.
  const found = text.replace(QUOTED, '""').matchAll(SCHEME);
  const schemes = new Map<string, string>();
  for (const [, scheme = ''] of found) {
    const key = scheme.toLowerCase();
    if (!schemes.has(key)) schemes.set(key, scheme);
  }
  return [...schemes.values()].slice(0, MAX_SCHEMES);
}

/** The answer 407 of a proxy. */
export type Challenge = {
  /** The authentication schemes that it offers. */
  readonly schemes: readonly string[];
  /** Whether the proxy URL has a user and password. */
  readonly hasCredentials: boolean;
};

/** What to do about a proxy that answered 407, as one or two sentences. */
export function adviceForChallenge({ schemes, hasCredentials }: Challenge): string {
  const isBasic = schemes.length === 0 || schemes.some((scheme) => scheme.toLowerCase() === 'basic');
  if (!isBasic) {
    return (
      `It offers only ${schemes.join(', ')}, and the agent supports only Basic. Ask its owners to offer Basic or to admit this ` +
      'host without credentials, or set gateway.proxy to a local proxy that authenticates, such as cntlm or px.'
    );
  }
  return hasCredentials
    ? 'It requires credentials and rejected those of the proxy URL. Correct its user and password; in them, write @ as %40, ' +
        ': as %3A, / as %2F and % as %25.'
    : 'It requires credentials. Add user and password to the proxy URL.';
}
