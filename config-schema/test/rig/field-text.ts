import fc from 'fast-check';
import type { FieldKindName } from '../../src/field/field-kind.ts';
import { NAME_PATTERN } from '../../src/field/name.ts';
import type { FieldKeyword } from '../../src/schema/field.ts';
import { readField } from '../../src/schema/validator.ts';

export type KeyPair = { readonly certificate: string; readonly key: string };

/** Texts that a field accepts. */
export function fieldText(field: FieldKeyword, pair: KeyPair): fc.Arbitrary<string> {
  return texts(field.is, pair).filter((text) => readField(field, text).ok);
}

const name = fc.stringMatching(new RegExp(NAME_PATTERN));
const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/);
const hostName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const ipv6 = fc.ipV6().filter((address) => !address.includes('.'));
const host = fc.oneof(
  hostName,
  fc.ipV4(),
  ipv6.map((address) => `[${address}]`),
);
const port = fc.integer({ min: 1, max: 65_535 });
const line = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  fc.stringMatching(/^[${}:#'"a ]{1,20}$/),
);
const quantity = (units: readonly string[]) =>
  fc
    .tuple(fc.integer({ min: 0, max: 2000 }), fc.constantFrom(...units))
    .map(([count, unit]) => `${count}${unit}`);
const cidr = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((first) => `${first}.0.0.0/8`),
  fc.ipV4().map((address) => `${address}/32`),
  ipv6.map((address) => `${address}/128`),
  fc.constantFrom('0.0.0.0/0', '::/0', 'fd00::/8'),
);
const ports = fc.oneof(
  port.map(String),
  fc.tuple(port, port).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`),
);
const probeHost = fc.oneof(
  host,
  fc.constant('*'),
  hostName.map((suffix) => `*.${suffix}`),
  fc.constantFrom('10.0.0.0/8', '[fd00::]/8'),
);

function texts(kind: FieldKindName, pair: KeyPair): fc.Arbitrary<string> {
  switch (kind) {
    case 'name':
      return name;
    case 'text':
    case 'path':
    case 'secret':
      return line;
    case 'duration':
      return quantity(['ms', 's', 'm', 'h', 'd']);
    case 'size':
      return quantity(['B', 'KiB', 'MiB', 'GiB']);
    case 'address':
    case 'listen':
      return fc.tuple(host, port).map(([there, number]) => `${there}:${number}`);
    case 'serverName':
      return fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
    case 'cidr':
      return cidr;
    case 'certificatePin':
      return fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((hash) => `sha256/${Buffer.from(hash).toString('base64')}`);
    case 'gatewayUrl':
      return fc.tuple(host, port).map(([there, number]) => `https://${there}:${number}`);
    case 'releaseSource':
      return fc.constantFrom('gateway', '/srv/penstock', 'https://mirror.example.com/penstock/');
    case 'consoleUrl':
      return fc.oneof(
        fc.tuple(host, port).map(([there, number]) => `https://${there}:${number}`),
        port.map((number) => `http://127.0.0.1:${number}`),
      );
    case 'issuer':
      return fc.tuple(hostName, label).map(([there, path]) => `https://${there}/${path}`);
    case 'probeRule':
      return fc.tuple(probeHost, ports).map(([there, numbers]) => `${there}:${numbers}`);
    case 'certificate':
      return fc.constant(pair.certificate.trimEnd());
    case 'privateKey':
      return fc.constant(pair.key.trimEnd());
    case 'webhook':
      return hostName.map((there) => `https://${there}/hooks/a?b=c`);
    case 'proxy':
      return fc.oneof(
        fc.constantFrom('env', 'none'),
        hostName.map((there) => `http://${there}:3128`),
      );
    case 'database':
      return hostName.map((there) => `postgresql://penstock@${there}:5433/penstock?sslmode=require`);
    case 'timeOfDay':
      return fc
        .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
        .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
    case 'date':
      return fc
        .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
        .map((date) => date.toISOString().slice(0, 10));
    case 'timeZone':
      return fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata');
  }
}
