import Type from 'typebox';
import { choice, group, integer, list, optionalGroup, quantity, text, word } from './field.ts';

const sharedListen = (what: string) =>
  group(`${what} Connections that write the same address share one port, port 0 included.`, {
    listen: text('listen', 'Address to listen on; port 0 lets the system choose.'),
  });

const proxyProtocol = group(
  'The header of the PROXY protocol, version 1 or 2, with which a load balancer tells the address of its client. It must come from the addresses of `from`, and is taken from no other.',
  {
    from: list(text('cidr', 'Range of addresses.'), 'Where the load balancer connects from.', {
      minItems: 1,
      maxItems: 1000,
      uniqueItems: true,
    }),
  },
);

/** One way in for clients. Which fields go with which kind is a rule of `rule/ingress-kinds.ts`. */
export const ingress = choice(
  'One way in: exactly one of `tcp`, `sni`, `socks5` and `httpConnect`.',
  ['tcp', 'sni', 'socks5', 'httpConnect'],
  {
    tcp: Type.Optional(
      text('listen', 'A TCP port of its own: address to listen on; port 0 lets the system choose.'),
    ),
    sni: Type.Optional(
      group(
        'A TLS port shared by many connections, told apart by the host name that the client asks for. Connections that write the same address share one port, port 0 included.',
        {
          listen: text('listen', 'Address to listen on; port 0 lets the system choose.'),
          host: text('serverName', 'Host name that clients ask for; no two of one port are the same.'),
        },
      ),
    ),
    socks5: Type.Optional(sharedListen('A SOCKS5 proxy.')),
    httpConnect: Type.Optional(sharedListen('A proxy for HTTP CONNECT, over HTTP/1.1 and HTTP/2.')),
    allow: list(
      text('cidr', 'Range of addresses.'),
      'Where clients may come from. Required, so that nothing is open by accident; everyone is `0.0.0.0/0` and `"::/0"`.',
      { minItems: 1, maxItems: 1000, uniqueItems: true },
    ),
    mode: Type.Optional(
      word(
        ['passthrough', 'terminate'],
        'With `sni`. `passthrough`: TLS goes through untouched to the target, the default. `terminate`: it ends at the gateway, with the certificate of `ingressTls`, and the agent speaks to the target as its connector says.',
      ),
    ),
    grant: Type.Optional(
      word(
        ['required', 'none'],
        'Whether a client must show a grant: `required` with `socks5` and `httpConnect` unless it is set to `none`; `tcp` and `sni` have no place for one. With `none`, `allow` alone decides.',
      ),
    ),
    tls: Type.Optional(
      word(
        ['on', 'off'],
        'With `httpConnect`. `on`: clients speak TLS with the proxy, the default, with the certificate of `ingressTls`. `off`: clear text, grants included.',
      ),
    ),
    proxyProtocol: Type.Optional(proxyProtocol),
  },
);

/** The certificate that clients see. */
export const ingressTls = group(
  'Certificate that the gateway shows to clients, where TLS with them ends at the gateway. Left out: the one of `tunnelTls`.',
  {
    certificate: text('certificate', 'Certificate chain as PEM, the own first.'),
    key: text('privateKey', 'Its private key as PEM, by reference.'),
    clientCa: Type.Optional(
      text(
        'certificate',
        'Certificates of authorities as PEM. With them, every client must show a certificate that one of them issued.',
      ),
    ),
  },
);

export const clientLimits = optionalGroup('Clients, on all ways in together.', {
  connectionsPerAddress: integer('Client connections from one address at once.', {
    default: 5000,
    minimum: 1,
    maximum: 1_000_000,
  }),
  pendingHandshakes: integer(
    'Clients at once that have not yet said which connection they want; half of them from one address at most.',
    {
      default: 1000,
      minimum: 1,
      maximum: 100_000,
    },
  ),
  handshakeTimeout: quantity(
    'duration',
    'Time for a client to say which connection it wants, its TLS handshake and credentials included.',
    { default: '10s', min: '100ms', max: '5m' },
  ),
  idleTimeout: quantity(
    'duration',
    'Silence in both directions after which a client connection is ended; 0s never ends one.',
    { default: '0s', min: '0s', max: '30d' },
  ),
});
