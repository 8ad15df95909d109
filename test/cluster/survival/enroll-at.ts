// Must be loaded before @peculiar/x509.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { paths } from '@penstock/wire';
import { ports } from './files.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate request for a new key, as PEM. */
export async function newKeyRequest(): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=agent',
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return request.toString('pem');
}

export type EnrollmentAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** Enrolls at the tunnel port of one replica, past the load balancer. */
export async function enrollAt(address: string, request: object): Promise<EnrollmentAnswer> {
  const socket = connect(ports.tunnel, address);
  socket.on('error', () => {});
  await once(socket, 'connect');
  // The replicas expect it from this machine, where the load balancer is.
  socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 40000 8443\r\n');
  const tls = connectTls({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false });
  const session = connectHttp2('https://gateway', { createConnection: () => tls });
  session.on('error', () => {});
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': paths.enroll,
      'content-type': 'application/json',
    });
    stream.end(JSON.stringify(request));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    return {
      status: Number(headers[':status']),
      body: JSON.parse(await text(stream)) as EnrollmentAnswer['body'],
    };
  } finally {
    session.destroy();
    socket.destroy();
  }
}
