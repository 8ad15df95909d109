import { gatewayMessageDecoder } from '@penstock/wire/codec';
import { eventually } from '../rig/eventually.ts';
import type { HostilePeer } from '../rig/hostile-peer.ts';
import { type Frame, frameType } from '../rig/http2-frame.ts';

/** The ID of the next open that the gateway sends to a peer on its control stream, stream 1. */
export async function nextOpen(peer: HostilePeer): Promise<string> {
  const decoder = gatewayMessageDecoder();
  const isControl = ({ type, streamId }: Frame) => type === frameType.DATA && streamId === 1;
  return await eventually('an open', () => {
    const control = peer.frames.splice(0).filter(isControl);
    const messages = control.flatMap(({ payload }) => decoder.push(payload));
    return messages.find((message) => message.type === 'open')?.id;
  });
}
