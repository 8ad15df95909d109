/** Why a gateway denies a client before it opens anything for it. Closed: docs/api.md has a row for each. */
export const denialReasons = {
  'source-not-allowed': 'The address of the client is not in the allow list of the ingress.',
  'grant-requested':
    'The client sent no grant, and the proxy requested one (407). Many clients start like this.',
  'grant-missing': 'The client sent no grant, and the ingress requires one.',
  'grant-unknown': 'The client sent a grant that does not exist.',
  'grant-expired': 'The client sent a grant that has expired.',
  'grant-revoked': 'The client sent a grant that was revoked.',
  'grant-not-permitted': 'The grant of the client does not permit this connection or this source address.',
  'connection-unknown': 'The client requested nothing that leads to a connection of the ingress.',
  'no-agent': 'The client requested a target, and no agent is connected that knows whose it is.',
  limit: 'A limit was reached.',
  certificate: 'The certificate of the client is not accepted.',
  protocol: 'The client did not follow the protocol of the ingress.',
  disconnected: 'The client disconnected during its handshake.',
  other: 'The gateway log has the reason.',
} as const;
export type DenialReason = keyof typeof denialReasons;
