import { Type } from '@penstock/json-schema';
import { choice, group, integer, list, optionalGroup, quantity, text, word } from './field.ts';

const sharedListen = (what: string) =>
  group(`${what} Connections with the same address share one port; this includes port 0.`, {
    listen: text('listen', 'Address to listen on; port 0 lets the system choose.'),
  });

export const proxyProtocol = group(
  'PROXY protocol header, version 1 or 2, in which a load balancer sends the address of its client. Connections from the ranges in `from` must begin with one; it is not accepted from any other address.',
  {
    from: list(text('cidr', 'Range of addresses.'), 'Addresses that the load balancer connects from.', {
      minItems: 1,
      maxItems: 1000,
      uniqueItems: true,
    }),
  },
);

/** One ingress of a connection. `rule/ingress-kinds.ts` checks which fields each kind may have. */
export const ingress = choice(
  'One ingress: exactly one of `tcp`, `sni`, `socks5`, and `httpConnect`.',
  ['tcp', 'sni', 'socks5', 'httpConnect'],
  {
    tcp: Type.Optional(
      text('listen', 'A dedicated TCP port: address to listen on; port 0 lets the system choose.'),
    ),
    sni: Type.Optional(
      group(
        'A TLS port shared by many connections, which are distinguished by the server name that the client sends. Connections with the same address share one port; this includes port 0.',
        {
          listen: text('listen', 'Address to listen on; port 0 lets the system choose.'),
          host: text('serverName', 'Server name that clients send; unique on its port.'),
        },
      ),
    ),
    socks5: Type.Optional(sharedListen('A SOCKS5 proxy.')),
    httpConnect: Type.Optional(sharedListen('A proxy for HTTP CONNECT, over HTTP/1.1 and HTTP/2.')),
    allow: list(
      text('cidr', 'Range of addresses.'),
      'Ranges that clients may connect from. Required, to prevent accidental exposure; `0.0.0.0/0` and `"::/0"` allow everyone.',
      { minItems: 1, maxItems: 1000, uniqueItems: true },
    ),
    mode: Type.Optional(
      word(
        ['passthrough', 'terminate'],
        'For `sni`. `passthrough` (the default): TLS is forwarded to the target unchanged. `terminate`: TLS is terminated at the gateway with the certificate of `ingressTls`; the `tls` field of the connector determines how the agent connects to the target.',
      ),
    ),
    grant: Type.Optional(
      word(
        ['required', 'none'],
        'Whether clients must present a grant. For `socks5` and `httpConnect` the default is `required`; with `none`, only `allow` is checked. Clients of `tcp` and `sni` cannot present a grant.',
      ),
    ),
    tls: Type.Optional(
      word(
        ['on', 'off'],
        'For `httpConnect`. `on` (the default): clients use TLS to the proxy, which presents the certificate of `ingressTls`. `off`: plaintext, including grants.',
      ),
    ),
    proxyProtocol: Type.Optional(proxyProtocol),
  },
);

/** The certificate that the gateway presents to clients. */
export const ingressTls = group(
  'Certificate that the gateway presents to clients when it terminates their TLS. Defaults to the certificate of `tunnelTls`.',
  {
    certificate: text('certificate', 'Certificate chain as PEM, leaf certificate first.'),
    key: text('privateKey', 'Private key of the certificate as PEM, as a reference.'),
    clientCa: Type.Optional(
      text(
        'certificate',
        'Certificates of CAs as PEM. If set, every client must present a certificate issued by one of them.',
      ),
    ),
  },
);

export const clientLimits = optionalGroup('Limits on clients, across all ingress of each replica.', {
  connectionsPerAddress: integer('Maximum number of concurrent client connections from one address.', {
    default: 5000,
    minimum: 1,
    maximum: 1_000_000,
  }),
  pendingHandshakes: integer(
    'Maximum number of clients that have not yet selected a connection; at most half of them from one address.',
    {
      default: 1000,
      minimum: 1,
      maximum: 100_000,
    },
  ),
  handshakeTimeout: quantity(
    'duration',
    'Time limit for a client to select a connection, including its TLS handshake and credentials.',
    { default: '10s', min: '100ms', max: '5m' },
  ),
  idleTimeout: quantity(
    'duration',
    'Time without traffic in either direction after which a client connection is closed; 0s disables it.',
    { default: '0s', min: '0s', max: '30d' },
  ),
});
