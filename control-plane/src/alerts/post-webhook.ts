import { createHmac } from 'node:crypto';
import { type CloseCode, errorCode, fromDialError, SOFTWARE_VERSION } from '@penstock/wire';

/**
 * The outcome of one attempt. `refused`: the receiver rejected the message itself, and repeating it is unlikely to help.
 * `aborted`: the caller aborted the attempt. `detail` is for people and contains no part of the URL, which is a secret.
 */
export type PostOutcome =
  | { readonly name: 'delivered'; readonly status: number }
  | {
      readonly name: 'failed' | 'refused';
      readonly detail: string;
      /** Milliseconds that the receiver asks the gateway to wait, if it does. */
      readonly retryAfter: number | undefined;
    }
  | { readonly name: 'aborted' };

export type Post = {
  readonly url: string;
  readonly id: string;
  readonly body: string;
  /** Key that signs the message. Without one, the message is sent unsigned. */
  readonly secret: string | undefined;
  /** Milliseconds until the whole attempt fails. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Posts one message once. Never rejects, follows no redirects, and reads only the head of the response. */
export async function postWebhook(post: Post): Promise<PostOutcome> {
  const { url, body, timeout, signal } = post;
  const timedOut = AbortSignal.timeout(timeout);
  try {
    const { address, authorization } = withoutUserinfo(url);
    const response = await fetch(address, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, timedOut]),
      headers: { ...headersOf(post), ...(authorization !== undefined && { authorization }) },
      body,
    });
    // The body is not needed and may be endless.
    await response.body?.cancel();
    return outcomeOf(response, post.now);
  } catch (error) {
    if (signal.aborted) return { name: 'aborted' };
    const detail = timedOut.aborted
      ? `The receiver did not respond within ${timeout / 1000} s.`
      : reasonOf(error);
    return { name: 'failed', detail, retryAfter: undefined };
  }
}

function headersOf({ id, body, secret, now }: Post): Record<string, string> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': `penstock-gateway/${SOFTWARE_VERSION}`,
    'penstock-message': id,
    // Messages are rare, so an idle connection would only go stale.
    connection: 'close',
  };
  if (secret === undefined) return headers;
  const at = Math.floor(now / 1000);
  const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return { ...headers, 'penstock-signature': `t=${at},v1=${signature}` };
}

/** Splits the credentials off a URL, since fetch rejects URLs with credentials, and encodes them for Basic (RFC 7617). */
function withoutUserinfo(url: string): { address: URL; authorization: string | undefined } {
  const address = new URL(url);
  if (address.username === '' && address.password === '') return { address, authorization: undefined };
  const pair = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
  address.username = '';
  address.password = '';
  return { address, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Statuses of class 4xx after which a repetition can succeed (RFC 9110 section 15.5, RFC 8470, RFC 6585). */
const TRANSIENT_STATUSES = new Set([408, 425, 429]);

function outcomeOf({ ok, status, headers }: Response, now: number): PostOutcome {
  if (ok) return { name: 'delivered', status };
  const retryAfter = parseRetryAfter(headers.get('retry-after'), now);
  if (status >= 300 && status < 400) {
    const detail = `The receiver responded with HTTP ${status}. Redirects are not followed: configure the URL it redirects to.`;
    return { name: 'refused', detail, retryAfter };
  }
  const refused = status >= 400 && status < 500 && !TRANSIENT_STATUSES.has(status);
  return {
    name: refused ? 'refused' : 'failed',
    detail: `The receiver responded with HTTP ${status}.`,
    retryAfter,
  };
}

/** Returns the milliseconds of a Retry-After header, which holds seconds or a date (RFC 9110 section 10.2.3). */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const reasons: Partial<Record<CloseCode, string>> = {
  DNS_FAILED: 'The host name of the receiver could not be resolved.',
  REFUSED: 'The receiver refused or reset the connection.',
  UNREACHABLE: 'The gateway has no route to the receiver.',
  DIAL_TIMEOUT: 'The receiver did not accept the connection in time.',
};

/** Describes an error of fetch by its code alone, since its message contains host and port. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = errorCode(cause);
  const known = reasons[fromDialError(cause, '').code];
  if (known !== undefined) return known;
  if (code !== undefined && /CERT|SIGNATURE|ISSUER|TLS|SSL/.test(code)) {
    return `The TLS handshake failed, or the certificate of the receiver is not valid for its host name (${code}).`;
  }
  return code === undefined
    ? 'The connection to the receiver failed.'
    : `The connection to the receiver failed (${code}).`;
}
