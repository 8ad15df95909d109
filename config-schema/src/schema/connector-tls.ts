import { Type } from '@penstock/json-schema';
import { targetTlsModes } from '../agent-config.ts';
import { group, text, word } from './field.ts';

export const connectorTls = group(
  'TLS between this agent and the target, for clients whose TLS is terminated at the gateway (`sni` with `mode: terminate`). If omitted, such clients are refused. It does not affect other clients, which use their own TLS or none.',
  {
    mode: word(
      targetTlsModes,
      '`verify-full`: the chain must lead to a trusted CA and the certificate must match the name. `require`: TLS without checking the name; the chain is checked only if `ca` is set. `prefer`: TLS if a PostgreSQL server offers it, otherwise plaintext. `disable`: plaintext.',
      { default: 'verify-full' },
    ),
    ca: Type.Optional(
      text(
        'certificate',
        'Trusted CAs as PEM: `${file:/etc/penstock/db-ca.crt}`. Defaults to the CAs that this host trusts.',
      ),
    ),
    serverName: Type.Optional(
      text(
        'serverName',
        'Server name to send and to require in the certificate. Defaults to the host of `address`.',
      ),
    ),
    certificate: Type.Optional(
      text(
        'certificate',
        'Client certificate for the target, as a PEM chain with the leaf certificate first.',
      ),
    ),
    key: Type.Optional(text('privateKey', 'Private key of the certificate as PEM, as a reference.')),
  },
);
