import { characterWords } from '@penstock/config-schema/text';
import {
  CommandError,
  exemptFromProxy,
  exitCodes,
  extendAddressAttempts,
  type Io,
  isLoopbackHost,
  styleFor,
  withProgress,
} from '@penstock/terminal';
import { ApiClient } from './api-client.ts';
import { trustAuthorities } from './trusted-authorities.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Returns the admin address from PENSTOCK_URL. Throws CommandError if it is not a URL of an API. */
export function adminUrl({ environment }: Pick<Io, 'environment'>): URL {
  return readUrl(environment['PENSTOCK_URL']?.trim() || DEFAULT_URL);
}

/** Returns a client for PENSTOCK_URL and PENSTOCK_TOKEN. Throws CommandError if they are missing or invalid. */
export function apiFromEnvironment(
  { environment, stderr }: Io,
  options: { readonly timeoutMs?: number } = {},
): ApiClient {
  const url = adminUrl({ environment });
  const token = environment['PENSTOCK_TOKEN']?.trim();
  if (!token) {
    throw new CommandError('PENSTOCK_TOKEN is not set. The API of the gateway requires an admin token.', {
      exitCode: exitCodes.usage,
      suggestion:
        'penstock-gateway init prints the first one. Pass it in the environment, not as an argument:\n' +
        '  export PENSTOCK_TOKEN="$(cat admin-token)"',
    });
  }
  const [stray] = /[^\w-]/u.exec(token) ?? [];
  if (stray !== undefined) {
    const place = `${characterWords(stray)} at position ${token.indexOf(stray) + 1} of ${token.length}`;
    throw new CommandError(`PENSTOCK_TOKEN contains the character ${place}. A token is one word.`, {
      exitCode: exitCodes.usage,
      suggestion:
        'Set it again, to one line without quotation marks: export PENSTOCK_TOKEN="$(cat admin-token)"',
    });
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    const { warning } = styleFor(stderr, environment);
    stderr.write(`${warning('warning:')} the admin token is sent to ${url.host} in plaintext. Use https.\n`);
  }
  if (isLoopbackHost(url.hostname)) exemptFromProxy(environment, [url.hostname.replace(/^\[|\]$/g, '')]);
  extendAddressAttempts();
  return new ApiClient({
    url,
    token,
    prepare: async () => {
      if (url.protocol === 'https:') await trustAuthorities({ environment });
    },
    progress: (work) => withProgress({ environment, stderr }, `Waiting for ${url.host}`, work),
    ...options,
  });
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.search === ''
  ) {
    // As copied from the documentation of the API or from the console.
    url.pathname = url.pathname.replace(/\/(?:api(?:\/v1)?|console)\/?$/, '/');
    url.hash = '';
    return url;
  }
  const hasScheme = text.includes('://');
  throw new CommandError(
    hasScheme
      ? `PENSTOCK_URL is not a valid URL of an API: ${url === null ? text : url.protocol}.`
      : 'PENSTOCK_URL is not a valid URL of an API: it begins with neither http:// nor https://.',
    {
      exitCode: exitCodes.usage,
      suggestion: `Set it to the admin address of the gateway, such as ${DEFAULT_URL}.`,
    },
  );
}
