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
  const answer = await ask({ address, method, path: `/api/v1${path}`, token, body });
  const read = (answer.text === '' ? {} : JSON.parse(answer.text)) as ApiAnswer['body'];
  return { status: answer.status, body: read, items: (read['items'] ?? []) as ApiAnswer['items'] };
}

/** The samples of /metrics of a replica or an agent. */
export const metricsOf = async (address: string, port: number) =>
  (await ask({ address, port, method: 'GET', path: '/metrics' })).text;

type Asked = {
  readonly address: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
};

async function ask({ address, port = ports.admin, method, path, token, body }: Asked) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = httpRequest(
    {
      host: address,
      port,
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
