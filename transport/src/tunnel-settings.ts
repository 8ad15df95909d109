import type { SessionOptions } from 'node:http2';
import { limits } from '@penstock/wire';
import { alpnProtocols } from './alpn-protocols.ts';

/** Milliseconds of silence after which the operating system sends TCP keepalive probes. */
export const TCP_KEEPALIVE_DELAY_MS = 30_000;

/**
 * What both ends of a tunnel connection ask of TLS. AES has hardware support; AES-128 costs a fifth less CPU than
 * AES-256 and is as secure in TLS 1.3.
 */
const tunnelTls = {
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
} as const;

/** For the end that connects. */
export const tunnelClientTls = { ...tunnelTls, ALPNProtocols: alpnProtocols(['h2']) };

/** For the end that accepts: node:tls copies the list of a server for each socket, whatever it is (`alpnProtocols`). */
export const tunnelServerTls = {
  ...tunnelTls,
  ALPNCallback: ({ protocols }: { readonly protocols: readonly string[] }) =>
    protocols.includes('h2') ? 'h2' : undefined,
};

/** What both ends of a tunnel connection ask of node:http2. */
export const tunnelHttp2Options = {
  /** Mebibytes of HTTP/2 state per session; Node's default of 10 would refuse streams under load. */
  maxSessionMemory: 1024,
  maxHeaderListPairs: limits.headerPairs,
  maxSettings: limits.settingsEntries,
} satisfies SessionOptions;
