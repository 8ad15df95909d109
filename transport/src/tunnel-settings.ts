import type { SessionOptions } from 'node:http2';
import { limits } from '@penstock/wire';

/** Milliseconds of silence after which the operating system sends TCP keepalive probes. */
export const TCP_KEEPALIVE_DELAY_MS = 30_000;

/**
 * What both ends of a tunnel connection ask of TLS. AES has hardware support; AES-128 costs a fifth less CPU than
 * AES-256 and is as secure in TLS 1.3.
 */
export const tunnelTlsOptions = {
  ALPNProtocols: ['h2'],
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
} satisfies { ALPNProtocols: string[]; minVersion: 'TLSv1.3'; ciphers: string };

/** What both ends of a tunnel connection ask of node:http2. */
export const tunnelHttp2Options = {
  /** Mebibytes of HTTP/2 state per session; Node's default of 10 would refuse streams under load. */
  maxSessionMemory: 1024,
  maxHeaderListPairs: limits.headerPairs,
  maxSettings: limits.settingsEntries,
} satisfies SessionOptions;
