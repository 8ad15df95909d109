import Type from 'typebox';
import { targetTlsModes } from '../agent-config.ts';
import { group, text, word } from './field.ts';

export const connectorTls = group(
  'How this agent speaks TLS with the target, for clients whose own TLS ends at the gateway (`sni` with `mode: terminate`). Left out: such clients are refused. Other clients bring their own TLS, or none, and this changes nothing for them.',
  {
    mode: word(
      targetTlsModes,
      '`verify-full`: the chain must lead to a trusted CA, and the certificate must be of the name. `require`: TLS, the name is not checked, and the chain only where `ca` is given. `prefer`: TLS where a PostgreSQL server offers it, clear text otherwise. `disable`: clear text.',
      { default: 'verify-full' },
    ),
    ca: Type.Optional(
      text(
        'certificate',
        'Trusted CAs as PEM: `${file:/etc/penstock/db-ca.crt}`. Left out: those of this host.',
      ),
    ),
    serverName: Type.Optional(
      text('serverName', 'Name to ask for and to find in the certificate. Left out: the host of `address`.'),
    ),
    certificate: Type.Optional(
      text('certificate', 'Certificate to show to the target, as PEM with its chain, the own first.'),
    ),
    key: Type.Optional(text('privateKey', 'Its private key as PEM, by reference.')),
  },
);
