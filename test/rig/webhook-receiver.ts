import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { resetSocket } from '@penstock/transport';
import { eventually } from './eventually.ts';
import { listenOnLoopback, ServerSockets } from './server-sockets.ts';

export type WebhookRequest = { readonly headers: IncomingHttpHeaders; readonly text: string };

/** Its response: a status, nothing, a reset in the middle of the headers, or an endless body. */
export type WebhookAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'reset'
  | 'endless';

/** A real HTTP server that receives webhooks on loopback. */
export type WebhookReceiver = AsyncDisposable & {
  readonly url: string;
  /** Every complete request, oldest first. */
  readonly received: readonly WebhookRequest[];
  /** Sets the response to later requests; initially 200. */
  answer(answer: WebhookAnswer): void;
  /** Waits until this many requests have arrived since the start. */
  arrived(count: number): Promise<readonly WebhookRequest[]>;
};

export async function webhookReceiver(): Promise<WebhookReceiver> {
  const received: WebhookRequest[] = [];
  let answer: WebhookAnswer = { status: 200 };
  const server = createServer(async (request, response) => {
    let text = '';
    try {
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
    } catch {
      return;
    }
    received.push({ headers: request.headers, text });
    reply(response, answer);
  });
  const sockets = new ServerSockets();
  server.on('connection', (socket) => sockets.adopt(socket));
  const { port } = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: (next) => {
      answer = next;
    },
    arrived: (count) =>
      eventually(`${count} webhooks to arrive`, () => received.length >= count && received, {
        within: 20_000,
      }),
    [Symbol.asyncDispose]: () => sockets.endWith(server),
  };
}

function reply(response: ServerResponse, answer: WebhookAnswer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.socket?.write(
      'HTTP/1.1 200 OK\r\nx-cut',
      () => response.socket !== null && resetSocket(response.socket),
    );
  } else if (answer === 'endless') {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.writeHead(200).on('drain', more);
    more();
  } else {
    response.writeHead(answer.status, answer.headers).end('thanks');
  }
}
