import assert from 'node:assert/strict';
import { CONNECT_PROTOCOL, PROTOCOL_VERSION, paths } from '@penstock/wire';
import { extendedConnect, HostilePeer } from '../rig/hostile-peer.ts';
import { type Frame, frameFlag, frameType, uint32Payload } from '../rig/http2-frame.ts';
import type { Target } from './target.ts';

/** The attacker's address. It differs from the honest agent's, so limits per address apply only to the attacker. */
export const ELSEWHERE = '127.0.0.2';
/** Stream ID of the control stream. */
export const CONTROL = 1;

/** Encodes a control message. */
export const line = (message: unknown) => Buffer.from(`${JSON.stringify(message)}\n`);
export const hello = (changes: Readonly<Record<string, unknown>> = {}) => ({
  type: 'hello',
  protocol: PROTOCOL_VERSION,
  agent: { name: 'victim', version: '0.1.0' },
  bootId: 'stolen',
  platform: { os: 'linux', arch: 'x64', node: '26.10.0' },
  config: { version: 1, digest: 'sha256:0' },
  connectors: [],
  session: { index: 0, wanted: 1 },
  ...changes,
});

/** Connects a peer with a stolen identity and opens its control stream. It has not sent its hello. */
export async function thief(target: Target): Promise<HostilePeer> {
  const peer = await HostilePeer.connect({ to: target.address, from: ELSEWHERE, identity: target.stolen });
  await peer.greet();
  // A window for everything the gateway sends: flow control must not stop the gateway.
  peer.send(frameType.WINDOW_UPDATE, 0, 0, uint32Payload(2 ** 30));
  peer.headers(CONTROL, extendedConnect(paths.control, CONNECT_PROTOCOL));
  assert.equal(await peer.status(CONTROL), 200);
  // An agent may have more streams than an unauthenticated peer once it has acknowledged the new SETTINGS.
  const own = (frame: Frame) => frame.type === frameType.SETTINGS && frame.payload.length > 0;
  await peer.frame('its own limits', (frame) => own(frame) && frame !== peer.frames.find(own));
  peer.send(frameType.SETTINGS, frameFlag.ACK, 0);
  return peer;
}

/** The same, with its hello sent and its welcome received. */
export async function agent(target: Target, index = 0): Promise<HostilePeer> {
  const peer = await thief(target);
  peer.data(CONTROL, line(hello({ session: { index, wanted: 4 } })));
  await peer.frame(
    'a welcome',
    ({ type, payload }) => type === frameType.DATA && payload.includes('"welcome"'),
  );
  return peer;
}

export const heartbeat = (seq: number) => ({
  type: 'heartbeat',
  seq,
  sentAt: Date.now(),
  eventLoop: { p99Ms: 0, maxMs: 0 },
  streams: { open: 0, opening: 0 },
  identity: { notAfter: 0 },
  checks: [],
});
