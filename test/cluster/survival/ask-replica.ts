import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { ports } from './files.ts';

export type ApiAnswer = {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** `items` of a listing. */
  readonly items: readonly Readonly<Record<string, unknown>>[];
};

const TIMEOUT_MS = 15_000;

/** Calls the API of the replica at an address. Rejects if it does not answer; a refusal is an answer. */
export async function askReplica(
  address: string,
  token: string,
  request: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const [method = '', path = ''] = request.split(' ');
  const answer = await ask(address, method, `/api/v1${path}`, token, body);
  const read = (answer.text === '' ? {} : JSON.parse(answer.text)) as ApiAnswer['body'];
  return { status: answer.status, body: read, items: (read['items'] ?? []) as ApiAnswer['items'] };
}

/** The samples of a replica's /metrics. */
export const metricsOf = async (address: string) => (await ask(address, 'GET', '/metrics')).text;

async function ask(address: string, method: string, path: string, token?: string, body?: unknown) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = httpRequest(
    {
      host: address,
      port: ports.admin,
      method,
      path,
      // Without an HTTP agent the connection is closed after the response, and is no descriptor of the replica any more.
      agent: false,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
    (response) => {
      text(response).then((read) => resolve({ status: response.statusCode ?? 0, text: read }), reject);
    },
  );
  sent.on('error', reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return await promise;
}
