/** Packet types of TDS (MS-TDS 2.2.3.1.1). */
export const tdsTypes = { answer: 0x04, login7: 0x10, prelogin: 0x12 } as const;

export const TDS_HEADER_BYTES = 8;
const END_OF_MESSAGE = 0x01;
/** Default size of a packet before a login has negotiated another one. */
const MAX_PACKET_BYTES = 4096;

/** A message as the packets in which it is sent. */
export function tdsPackets(type: number, data: Buffer): Buffer {
  const room = MAX_PACKET_BYTES - TDS_HEADER_BYTES;
  const packets: Buffer[] = [];
  for (let from = 0; from === 0 || from < data.length; from += room) {
    const piece = data.subarray(from, from + room);
    const header = Buffer.alloc(TDS_HEADER_BYTES);
    header.writeUInt8(type, 0);
    header.writeUInt8(from + room >= data.length ? END_OF_MESSAGE : 0, 1);
    header.writeUInt16BE(TDS_HEADER_BYTES + piece.length, 2);
    header.writeUInt8((packets.length + 1) & 0xff, 6);
    packets.push(header, piece);
  }
  return Buffer.concat(packets);
}
