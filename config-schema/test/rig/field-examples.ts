import type { FieldKindName } from '../../src/field/field-kind.ts';

const PIN = `sha256/${Buffer.alloc(32, 7).toString('base64')}`;

/** Texts that each field accepts, and texts that it rejects. */
export const fieldExamples: Partial<
  Record<FieldKindName, { accepts: readonly string[]; refuses: readonly string[] }>
> = {
  name: {
    accepts: ['a', '0', 'orders-db', 'A.b_c-d', 'x'.repeat(63)],
    refuses: ['', '-a', '.a', 'a b', 'ä', 'a/b', 'a\n', 'x'.repeat(64)],
  },
  duration: {
    accepts: ['0s', '500ms', '30s', '5m', '24h', '7d', '999999999ms'],
    refuses: ['', '30', '1.5s', '-1s', '1 s', '1h30m', '1S', '1w', '9999999999s', '1s\n'],
  },
  size: { accepts: ['0B', '512B', '64KiB', '1GiB'], refuses: ['', '64', '64KB', '64kib', '1TiB', '1.5MiB'] },
  address: {
    accepts: [
      'db:5432',
      'a.b-c.internal:1',
      'some_service:65535',
      '10.0.0.5:5432',
      '[2001:db8::1]:5432',
      '[::]:1',
    ],
    refuses: [
      'db',
      'db:',
      ':5432',
      'db:0',
      'db:65536',
      '::1:5432',
      '2001:db8::1',
      '[db]:1',
      '[10.0.0.1]:1',
      '256.1.1.1:1',
      '10.1:1',
      '-a:1',
      'a b:1',
      'http://db:1',
      'db:1/',
      'db:5x',
      '[::1]',
      'db..x:1',
      `${'a'.repeat(64)}:1`,
    ],
  },
  listen: {
    accepts: ['127.0.0.1:0', '0.0.0.0:8443', '[::1]:0', 'localhost:80'],
    refuses: ['*:80', ':80', '80', '127.0.0.1'],
  },
  serverName: {
    accepts: ['orders.db.example.com', 'a.b', 'Orders.Example.COM', 'x_y.z'],
    refuses: ['', 'orders', '10.0.0.1', '::1', '*.example.com', 'a..b', 'a.b:5432', 'ä.b', 'a b.c'],
  },
  cidr: {
    accepts: [
      '10.0.0.0/8',
      '0.0.0.0/0',
      '127.0.0.1/32',
      '::/0',
      'fd00::/8',
      '2001:db8::1/128',
      '2001:DB8:0:0::/64',
    ],
    refuses: [
      '10.0.0.0',
      '::1',
      '10.0.0.0/33',
      '10.0.0.1/8',
      'fd00::1/8',
      '::/129',
      '10.0/8',
      'all',
      '/8',
      '10.0.0.0/',
      'fe80::1%eth0/128',
    ],
  },
  certificatePin: {
    accepts: [PIN],
    refuses: [
      '',
      PIN.slice(7),
      PIN.replace('=', ''),
      PIN.replace('sha256', 'sha1'),
      `${PIN}=`,
      PIN.replace(/.=$/, 'B='),
      PIN.replace(/\w/g, '-'),
    ],
  },
  gatewayUrl: {
    accepts: [
      'https://gateway.example.com',
      'https://gateway.example.com:8443/',
      'https://[::1]:8443',
      'https://10.0.0.1',
    ],
    refuses: [
      'http://gateway',
      'gateway:8443',
      'https://',
      'https://a@gateway',
      'https://gateway/tunnel',
      'https://gateway?x',
      'https://gateway:0',
      'https://gate way',
      ' https://gateway',
    ],
  },
  proxy: {
    accepts: ['env', 'none', 'http://proxy:3128', 'https://user@proxy.example.com'],
    refuses: ['', 'system', 'proxy:3128', 'socks5://proxy', 'http:proxy', ' http://proxy'],
  },
  store: {
    accepts: ['embedded'],
    refuses: ['', 'sqlite', 'Embedded', 'postgresql://db/penstock', 'postgres://user@db:5432/penstock'],
  },
  webhook: { accepts: ['https://hooks.example.com/a'], refuses: ['', 'hooks.example.com', 'ftp://a'] },
  probeRule: {
    accepts: [
      'db.internal:5432',
      '*.internal:5432',
      '*:443',
      '10.0.0.0/8:1-65535',
      '10.0.0.1:22',
      '[fd00::]/8:443',
      '[::1]:1-2',
    ],
    refuses: [
      'db.internal',
      'db:0',
      'db:2-1',
      'db:1-65536',
      'a.*.b:1',
      '**:1',
      '10.0.0.1/8:1',
      'fd00::/8:443',
      '[db]:1',
      ':1',
      'db:http',
    ],
  },
  certificate: {
    accepts: [],
    refuses: ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
  },
  privateKey: {
    accepts: [],
    refuses: ['', 'x', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
  },
  text: { accepts: ['x', ' x '], refuses: ['', ' ', '\t\n', 'a\0b'] },
};
