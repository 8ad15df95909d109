// Must be loaded before @peculiar/x509.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { type EnrollRequest, type IssuedIdentity, paths } from '@penstock/wire';
import { pause } from '../process/deadline.ts';
import { connectTunnel, type Gateway } from './tunnel-connection.ts';

export type Enrollment = { readonly gateway: Gateway; readonly token: string; readonly pool: string };

/** Key and certificate chain, as PEM. */
export type Identity = {
  readonly gateway: Gateway;
  readonly name: string;
  readonly key: string;
  readonly certificate: string;
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const ATTEMPTS = 5;
const MAX_PAUSE_MS = 10_000;

/** Creates a key and enrolls it at the gateway, with the same key again when the gateway could not, as an agent does. */
export async function enrollAgent({ gateway, token, pool }: Enrollment, name: string): Promise<Identity> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const request = { token, name, pool, csr: csr.toString('pem') };
  const issued = await retried(() => postEnrollment(gateway, request));
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    gateway,
    name,
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    certificate: issued.certificateChain,
  };
}

async function retried<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (count === ATTEMPTS) throw error;
      await pause(Math.random() * MAX_PAUSE_MS);
    }
  }
}

async function postEnrollment(gateway: Gateway, request: EnrollRequest): Promise<IssuedIdentity> {
  const { socket, session } = await connectTunnel(gateway, undefined);
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': paths.enroll,
      'content-type': 'application/json',
    });
    stream.end(JSON.stringify(request));
    const [headers] = await once(stream, 'response');
    const answer = await json(stream);
    if (headers[':status'] !== 200) throw new Error(`Enrollment was refused: ${JSON.stringify(answer)}`);
    return answer as IssuedIdentity;
  } finally {
    socket.destroy();
  }
}
