import type { IngressBinding } from '../listener-config.ts';
import { Refusal } from '../refusal.ts';
import { errorResponse } from './error-response.ts';

type SniBinding = IngressBinding<'sni'>;

/**
 * Selects the binding of a client from its server name, which has led to `named` or to none, and from the value of
 * `penstock.connection` in its options. Throws Refusal if they lead to none or contradict each other.
 */
export function bindingOfStartup(
  bindings: readonly SniBinding[],
  named: SniBinding | undefined,
  option: string | undefined,
  serverName: string | undefined,
): SniBinding {
  if (option === undefined) {
    if (named !== undefined) return named;
    const host =
      serverName === undefined ? 'no server name' : `${serverName}, which is not a host of this port,`;
    throw refusal(
      `The client sent ${host} in TLS, and no connection in its options.`,
      'Connect to the host name of the connection, or add options=-cpenstock.connection=NAME.',
    );
  }
  const selected = bindings.find(
    ({ connection, ingress }) => connection.name === option && ingress.mode === 'terminate',
  );
  if (selected === undefined) {
    const requested = /^[\w.-]{1,63}$/.test(option) ? option : 'an invalid name';
    throw refusal(
      `The client requested ${requested} in its options, which is not a connection of this port with mode terminate.`,
      'Check the value of penstock.connection, and the port.',
    );
  }
  if (named !== undefined && named.connection.name !== option) {
    throw refusal(
      `The client connected to the host of ${named.connection.name} but requested ${option} in its options.`,
      'Remove penstock.connection, or connect to the host of that connection.',
    );
  }
  return selected;
}

const refusal = (message: string, hint: string) =>
  new Refusal('CLIENT_DENIED', message, errorResponse({ code: 'CLIENT_DENIED', message, hint }));
