import { createHmac } from 'node:crypto';
import { type CloseCode, errorCode, fromDialError, SOFTWARE_VERSION } from '@penstock/wire';

/**
 * What came of one attempt. `detail` is for people and holds nothing of the URL, which is a secret. `refused`: the
 * receiver has understood and says no. `aborted`: whoever asked wants no answer any more.
 */
export type PostOutcome =
  | { readonly name: 'delivered'; readonly status: number }
  | {
      readonly name: 'failed' | 'refused';
      readonly detail: string;
      /** Milliseconds the receiver asks us to wait; undefined when it does not. */
      readonly retryAfter: number | undefined;
    }
  | { readonly name: 'aborted' };

export type Post = {
  readonly url: string;
  readonly id: string;
  readonly body: string;
  /** Signs the message; undefined sends it without. */
  readonly secret: string | undefined;
  /** Milliseconds for the whole attempt. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Sends one message once. Never throws; follows no redirect, and reads nothing but the head of the answer. */
export async function postWebhook(post: Post): Promise<PostOutcome> {
  const { url, body, timeout, signal } = post;
  const late = AbortSignal.timeout(timeout);
  try {
    const { address, authorization } = withoutUserinfo(url);
    const response = await fetch(address, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
      headers: { ...headersOf(post), ...(authorization !== undefined && { authorization }) },
      body,
    });
    // What it says besides is of no use, and may be endless.
    await response.body?.cancel();
    return outcomeOf(response, post.now);
  } catch (error) {
    if (signal.aborted) return { name: 'aborted' };
    const detail = late.aborted ? `There was no answer within ${timeout / 1000} s.` : reasonOf(error);
    return { name: 'failed', detail, retryAfter: undefined };
  }
}

function headersOf({ id, body, secret, now }: Post): Record<string, string> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': `penstock-gateway/${SOFTWARE_VERSION}`,
    'penstock-message': id,
    // Messages are rare: an idle connection would only go stale.
    connection: 'close',
  };
  if (secret === undefined) return headers;
  const at = Math.floor(now / 1000);
  const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return { ...headers, 'penstock-signature': `t=${at},v1=${signature}` };
}

/** fetch takes no credentials in a URL; they go where they would have gone (RFC 7617). */
function withoutUserinfo(url: string): { address: URL; authorization: string | undefined } {
  const address = new URL(url);
  if (address.username === '' && address.password === '') return { address, authorization: undefined };
  const pair = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
  address.username = '';
  address.password = '';
  return { address, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Statuses of 4xx that say "not now" instead of "no" (RFC 9110 section 15.5, RFC 8470, RFC 6585). */
const NOT_NOW = new Set([408, 425, 429]);

function outcomeOf({ ok, status, headers }: Response, now: number): PostOutcome {
  if (ok) return { name: 'delivered', status };
  const retryAfter = waitAsked(headers.get('retry-after'), now);
  if (status >= 300 && status < 400) {
    const detail = `It answered HTTP ${status}. Redirects are not followed: give the address it leads to.`;
    return { name: 'refused', detail, retryAfter };
  }
  const refused = status >= 400 && status < 500 && !NOT_NOW.has(status);
  return { name: refused ? 'refused' : 'failed', detail: `It answered HTTP ${status}.`, retryAfter };
}

/** Milliseconds; Retry-After gives seconds or a date (RFC 9110 section 10.2.3). */
export function waitAsked(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const reasons: Partial<Record<CloseCode, string>> = {
  DNS_FAILED: 'Its name could not be resolved.',
  REFUSED: 'The connection was refused or reset.',
  UNREACHABLE: 'There is no way from this gateway to it.',
  DIAL_TIMEOUT: 'It did not accept the connection in time.',
};

/** The messages of fetch name host and port: only codes are told. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = errorCode(cause);
  const known = reasons[fromDialError(cause, '').code];
  if (known !== undefined) return known;
  if (code !== undefined && /CERT|SIGNATURE|ISSUER|TLS|SSL/.test(code)) {
    return `TLS failed, or its certificate is not good for this name (${code}).`;
  }
  return code === undefined ? 'The connection failed.' : `The connection failed (${code}).`;
}
