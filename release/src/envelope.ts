import { type KeyObject, sign, verify } from 'node:crypto';
import { type Static, Type, whenUsed } from '@penstock/json-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type DocumentKind, type DocumentOf, documents, PRODUCT } from './documents.ts';
import { ReleaseError } from './release-error.ts';
import { keyId } from './signing-key.ts';

/** Documents have a few kilobytes. */
export const MAX_DOCUMENT_BYTES = 256 * 1024;

/**
 * A signed document: the envelope of DSSE 1.0 (github.com/secure-systems-lab/dsse). The payload is signed as the bytes it
 * has, so nothing depends on how JSON is written, and together with its type.
 */
const Envelope = Type.Object({
  payloadType: Type.String({ maxLength: 128 }),
  payload: Type.String({ maxLength: MAX_DOCUMENT_BYTES }),
  signatures: Type.Array(
    Type.Object({ keyid: Type.String({ maxLength: 64 }), sig: Type.String({ maxLength: 128 }) }),
    { minItems: 1, maxItems: 16 },
  ),
});
type Envelope = Static<typeof Envelope>;

const ajv = new Ajv2020();
const envelopes = whenUsed(() => ajv.compile<Envelope>(Envelope));
const validators = {
  keys: whenUsed(() => ajv.compile(documents.keys)),
  release: whenUsed(() => ajv.compile(documents.release)),
  latest: whenUsed(() => ajv.compile(documents.latest)),
} as const;

const payloadType = (kind: DocumentKind) => `application/vnd.penstock.${kind}+json`;

/** DSSE's pre-authentication encoding: what a signature covers. */
function signedBytes(type: string, payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `),
    payload,
  ]);
}

/** A document signed by each of the private keys, as the bytes of its file. */
export function signDocument<Kind extends DocumentKind>(
  kind: Kind,
  document: DocumentOf<Kind>,
  keys: readonly { readonly privateKey: KeyObject; readonly publicKey: KeyObject }[],
): Buffer {
  const payload = Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
  const type = payloadType(kind);
  const envelope: Envelope = {
    payloadType: type,
    payload: payload.toString('base64'),
    signatures: keys.map(({ privateKey, publicKey }) => ({
      keyid: keyId(publicKey),
      sig: sign(null, signedBytes(type, payload), privateKey).toString('base64'),
    })),
  };
  return Buffer.from(`${JSON.stringify(envelope, null, 2)}\n`);
}

export type Signers = {
  readonly keys: readonly KeyObject[];
  /** How many of the keys must have signed. A key counts once. */
  readonly threshold: number;
  /** Who they are, for messages: "root keys". */
  readonly name: string;
};

/**
 * The document in a file, after its signatures have been verified: the payload is not parsed before. Throws
 * ReleaseError. Does not look at its times and its sequence.
 */
export function readDocument<Kind extends DocumentKind>(
  kind: Kind,
  file: Uint8Array,
  signers: Signers,
): DocumentOf<Kind> {
  const name = `${kind}.json`;
  if (file.length > MAX_DOCUMENT_BYTES) {
    throw new ReleaseError('DOCUMENT_TOO_LARGE', `${name} is larger than ${MAX_DOCUMENT_BYTES} bytes.`);
  }
  const envelope = parse(name, Buffer.from(file));
  const isEnvelope = envelopes();
  if (!isEnvelope(envelope)) {
    throw new ReleaseError('DOCUMENT_MALFORMED', `${name} is not a signed document.`);
  }
  if (envelope.payloadType !== payloadType(kind)) {
    throw new ReleaseError('DOCUMENT_MALFORMED', `${name} contains a document of another type.`);
  }
  const payload = Buffer.from(envelope.payload, 'base64');
  const signed = signersOf(envelope, payload, signers.keys);
  if (signed < signers.threshold) {
    throw new ReleaseError(
      'SIGNATURE_INVALID',
      `${name} has ${signed} valid signatures of the ${signers.name}, and needs ${signers.threshold}.`,
    );
  }
  const document = parse(name, payload);
  const validate = validators[kind]();
  if (!validate(document)) {
    const at = validate.errors?.[0];
    throw new ReleaseError(
      'DOCUMENT_MALFORMED',
      `${name} is signed, but malformed: ${at?.instancePath ?? ''} ${at?.message ?? ''}.`,
    );
  }
  const checked = document as DocumentOf<Kind>;
  if (checked.product !== PRODUCT) {
    throw new ReleaseError('WRONG_PRODUCT', `${name} belongs to ${checked.product}, not to ${PRODUCT}.`);
  }
  return checked;
}

/** How many of `keys` have signed the payload. */
function signersOf({ payloadType: type, signatures }: Envelope, payload: Buffer, keys: readonly KeyObject[]) {
  const bytes = signedBytes(type, payload);
  const valid = new Set<string>();
  for (const key of keys) {
    const id = keyId(key);
    const isSigner = signatures.some(
      ({ keyid, sig }) => keyid === id && verify(null, bytes, key, Buffer.from(sig, 'base64')),
    );
    if (isSigner) valid.add(id);
  }
  return valid.size;
}

function parse(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ReleaseError('DOCUMENT_MALFORMED', `${name} is truncated, or is not JSON.`, { cause });
  }
}
