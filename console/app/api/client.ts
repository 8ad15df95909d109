import createClient from 'openapi-fetch';
import type { paths } from '#openapi';
import { GatewayClock } from '../time/clock.ts';
import type { Performed } from './performed.ts';
import { ApiError, asApiError, errorOf } from './problem.ts';
import { readSecret } from './session-secret.ts';
import type { Approval } from './types.ts';

/** Longer than the slowest request to an agent. */
const REQUEST_TIMEOUT_MS = 40_000;

export const clock = new GatewayClock();

/** Whether the session has ended: a page that is left open must not ask again and again in vain. */
let isEnded = false;
export function setSessionEnded(ended: boolean): void {
  isEnded = ended;
}

const client = createClient<paths>({
  baseUrl: location.origin,
  fetch: async (request) => {
    if (isEnded) throw new ApiError('SESSION_ENDED', 'Your session has ended.', 401);
    const headers = new Headers(request.headers);
    const secret = readSecret();
    if (secret !== undefined && !headers.has('authorization')) headers.set('penstock-session', secret);
    const sentAt = Date.now();
    const response = await fetch(request, {
      headers,
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    // `Date` has whole seconds, so on average it is half a second behind.
    const date = Date.parse(response.headers.get('date') ?? '');
    clock.learn(date, sentAt, Date.now(), 500);
    return response;
  },
});

export const { GET, POST, PUT, DELETE } = client;

/** Called when a request finds that the session has ended. */
let signedOut: () => void = () => {};
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** Sent with what the page asks for by itself, which must not keep a session alive. */
export const inBackground = { 'penstock-background': 'true' } as const;

type Outcome<Data> = { readonly data?: Data; readonly error?: unknown; readonly response: Response };

/** The data of a response. Rejects with ApiError. */
export async function ask<Data>(request: Promise<Outcome<Data>>): Promise<Data> {
  const { data, error, response } = await request.catch((reason: unknown) => {
    throw asApiError(reason);
  });
  if (response.ok && data !== undefined) return data;
  const failure = response.ok
    ? new ApiError('BAD_ANSWER', 'The answer of the gateway is empty.', response.status)
    : errorOf(response, error);
  if (failure.isSignedOut) {
    isEnded = true;
    signedOut();
  }
  throw failure;
}

/** The response of an action. Rejects with ApiError. */
export async function perform<Data>(
  request: Promise<Outcome<Data>>,
): Promise<Performed<Exclude<Data, Approval>>> {
  let status = 0;
  const data = await ask(
    request.then((outcome) => {
      status = outcome.response.status;
      return outcome;
    }),
  );
  if (status === 202) return { isPending: true, data: undefined };
  return { isPending: false, data: data as Exclude<Data, Approval> };
}
