import { once } from 'node:events';
import { formatHostPort } from '@penstock/config-schema';
import { resetSocket } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import { deniedError } from '../client-errors/client-error.ts';
import type { CreateHandler } from '../ingress-handler.ts';
import { LingeringSockets } from '../lingering-sockets.ts';
import type { HandshakingClient } from '../pending-handshakes.ts';
import { CancelRequests } from '../postgresql/cancel-requests.ts';
import { errorResponse } from '../postgresql/error-response.ts';
import { Refusal } from '../refusal.ts';
import { type Alert, alertRecord } from '../tls/alert.ts';
import { forwardCancelRequest } from './forward-cancel-request.ts';
import { passThrough } from './passthrough.ts';
import { Preamble, type PreambleStep } from './preamble.ts';
import { checkSource, type SniHello, type SniPort } from './sni-port.ts';
import { terminate } from './terminate.ts';

type FinalStep = Extract<PreambleStep, { is: 'hello' | 'cancel-request' }>;

/** Handles the clients of an SNI port, whose connections are distinguished by the server name in TLS. */
export const createSniHandler: CreateHandler<'sni'> = (services, bindings) => {
  const lingering = new LingeringSockets();
  const [first] = bindings();
  const name = first === undefined ? '' : formatHostPort(first.ingress.listen);
  const cancelRequests = new CancelRequests(services, name);
  const port: SniPort = { services, bindings, lingering, cancelRequests };
  const removePort = services.cancelPorts.add(name, cancelRequests);
  return {
    handle({ socket, source, release }) {
      socket.once('close', release);
      void services.handshakes.run(
        socket,
        source,
        (client) => handshake(client, port),
        (error) => services.denied(source, error),
      );
    },
    refuse(client, error) {
      if (bindings().every(({ connection }) => connection.clientErrors === 'reset'))
        resetSocket(client.socket);
      else {
        services.errorReports.handshakeOfDenied(client, async (handshaking) => {
          lingering.end(client.socket, await replyToDenied(handshaking, error));
          // Counted until it is closed.
          if (!client.socket.destroyed) await once(client.socket, 'close');
        });
      }
    },
    close() {
      removePort();
      lingering.close();
    },
  };
};

async function handshake(client: HandshakingClient, port: SniPort): Promise<void> {
  try {
    const step = await readPreamble(client);
    if (step.is === 'cancel-request') await forwardCancelRequest(client, step.bytes, client, port);
    else await route(client, step, port);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    port.services.denied(client.source, error, error.connection);
    if (error.reply === undefined) resetSocket(client.socket);
    else port.lingering.end(client.socket, error.reply);
  }
}

async function readPreamble({ socket, reader }: HandshakingClient): Promise<FinalStep> {
  const preamble = new Preamble();
  for (;;) {
    const step = preamble.push(await reader.readAvailable());
    if (step.is === 'answer') socket.write(step.bytes);
    else if (step.is === 'hello' || step.is === 'cancel-request') return step;
    else if (step.is === 'plaintext') throw tlsRequired();
    else if (step.is === 'invalid') throw invalidPreamble(step.detail, step.alert);
  }
}

/**
 * The reply to a client whose address no connection of the port allows, in the protocol that it starts with. Its TLS is
 * not terminated, so it costs the gateway no handshake.
 */
async function replyToDenied(client: HandshakingClient, { code }: TunnelError): Promise<Buffer> {
  try {
    const step = await readPreamble(client);
    if (step.is === 'cancel-request') return Buffer.alloc(0);
    return alertRecord(code === 'CLIENT_DENIED' ? 'accessDenied' : 'internalError');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code === 'CLIENT_DENIED'
      ? errorResponse(deniedError(code))
      : (error.reply ?? Buffer.alloc(0));
  }
}

async function route(client: HandshakingClient, hello: SniHello, port: SniPort): Promise<void> {
  const { serverName } = hello.hello;
  const bindings = port.bindings();
  const binding = bindings.find(({ ingress }) => ingress.host === serverName);
  const canNameInOptions =
    hello.negotiation !== 'tls' && bindings.some(({ ingress }) => ingress.mode === 'terminate');
  if (binding === undefined && !canNameInOptions) throw unknownServerName(serverName);
  if (binding !== undefined) checkSource(binding, client, alertRecord('accessDenied'));
  if (binding?.ingress.mode === 'passthrough') passThrough(client, hello, binding, port);
  else await terminate(client, hello, binding, port);
}

function unknownServerName(host: string | undefined): Refusal {
  const detail =
    host === undefined
      ? 'The client sent no server name in TLS (SNI), and no connection of this port can be selected without one.'
      : `The client requested the server name ${host} in TLS (SNI), and no connection of this port has that host.`;
  return new Refusal('CLIENT_DENIED', detail, alertRecord('unrecognizedName'));
}

function tlsRequired(): Refusal {
  const reply = errorResponse({
    code: 'CLIENT_DENIED',
    message: 'This port requires TLS.',
    hint: 'Set sslmode to verify-full, or to require.',
  });
  const detail = 'This port requires TLS, but the client did not request it.';
  return new Refusal('CLIENT_DENIED', detail, reply, undefined, 'protocol');
}

function invalidPreamble(detail: string, alert: Alert | undefined): TunnelError {
  if (alert === undefined) return new TunnelError('PROTOCOL_ERROR', detail);
  return new Refusal('PROTOCOL_ERROR', detail, alertRecord(alert));
}
