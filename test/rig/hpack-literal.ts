/**
 * Encodes header fields as literals without indexing or Huffman coding (RFC 7541 section 6.2.2), which requires no
 * state.
 */
export function encodeHeaders(pairs: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(
    pairs.flatMap(([name, value]) => [Buffer.from([0x00]), encodeString(name), encodeString(value)]),
  );
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeInteger(bytes.length, 7), bytes]);
}

/** RFC 7541 section 5.1, with the bits above the prefix at zero. */
function encodeInteger(value: number, prefixBits: number): Buffer {
  const max = 2 ** prefixBits - 1;
  if (value < max) return Buffer.from([value]);
  const bytes = [max];
  let rest = value - max;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

const STATIC_STATUS: Readonly<Record<number, number>> = {
  8: 200,
  9: 204,
  10: 206,
  11: 304,
  12: 400,
  13: 404,
  14: 500,
};

/**
 * Returns the status of a response, which is its first field (RFC 9113 section 8.3). Supports only servers whose
 * dynamic table was disabled with SETTINGS_HEADER_TABLE_SIZE 0; returns undefined for anything else.
 */
export function decodeStatus(block: Buffer): number | undefined {
  let at = 0;
  // The server may acknowledge the table size first (RFC 7541 section 6.3).
  while (((block[at] ?? 0) & 0xe0) === 0x20) at += 1;
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) return STATIC_STATUS[first & 0x7f];
  const nameIndex = (first & 0xc0) === 0x40 ? first & 0x3f : first & 0x0f;
  if (STATIC_STATUS[nameIndex] === undefined) return undefined;
  const length = (block[at + 1] ?? 0) & 0x7f;
  const value = block.subarray(at + 2, at + 2 + length);
  const isHuffman = ((block[at + 1] ?? 0) & 0x80) !== 0;
  return Number(isHuffman ? decodeHuffmanDigits(value) : value.toString('latin1'));
}

/** Digits in the code of RFC 7541 appendix B: 0 to 2 are 00000 to 00010, 3 to 9 are 011001 to 011111. */
function decodeHuffmanDigits(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let digits = '';
  let at = 0;
  while (bits.length - at >= 5) {
    const short = Number.parseInt(bits.slice(at, at + 5), 2);
    const long = Number.parseInt(bits.slice(at, at + 6), 2);
    if (short <= 2) {
      digits += String(short);
      at += 5;
    } else if (long >= 25 && long <= 31) {
      digits += String(long - 22);
      at += 6;
    } else {
      break;
    }
  }
  return digits;
}
