import type { GatewayConfig } from '@penstock/config-schema';
import { json, type OutputFormat, type Style } from '@penstock/terminal';
import type { InitResult } from './init.ts';

/** The lines to copy into agent.yaml. */
export function agentSnippet(
  config: GatewayConfig,
  hosts: readonly string[],
  { pins, certificateHost }: InitResult,
): string {
  const { host: bound, port } = config.listen.tunnel;
  const host = hosts[0] ?? certificateHost ?? (isUnspecified(bound) ? 'GATEWAY-HOST' : bound);
  const comments = ['in use', 'backup: the key of the next certificate'];
  return [
    'gateway:',
    `  url: https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    `  trust: ${config.tunnelTls === undefined ? 'pins' : 'system'}`,
    '  pins:',
    ...pins.map((pin, index) => `    - ${pin}${pins.length > 1 ? `  # ${comments[index] ?? ''}` : ''}`),
    '',
  ].join('\n');
}

/** The report of `init` in one of the output formats. Ends with a line break. */
export function renderInit(
  result: InitResult,
  snippet: string,
  format: OutputFormat,
  file: string,
  style: Style,
): string {
  if (format === 'json')
    return json({ ...result, adminToken: result.adminToken ?? null, agentYaml: snippet });
  const { dataDirectory, authority, serverCertificate, adminToken } = result;
  const facts = [
    ['Data directory', dataDirectory],
    ['Agent CA', sentences[authority]],
    ['Server certificate', sentences[serverCertificate]],
    ['Admin token', adminToken?.token ?? 'exists and is not shown again; --new-admin-token creates another'],
  ];
  const lines = facts
    .map(([label = '', value = '']) => `${style.strong(label.padEnd(20))}${value}\n`)
    .join('');
  const reminder =
    adminToken === undefined
      ? ''
      : `${' '.repeat(20)}${style.faint('Save it now: it is not shown again.')}\n`;
  return (
    `${lines}${reminder}\n${style.strong('For agent.yaml')}\n\n${snippet}\n${style.strong('Next')}\n\n` +
    `  penstock-gateway run --config ${file}\n` +
    '  export PENSTOCK_TOKEN=pst_admin_…   # the admin token\n' +
    '  penstock-gateway token create --pool POOL\n'
  );
}

const sentences = {
  created: 'created',
  repaired: 'repaired: a missing file was created again for the existing key',
  unchanged: 'exists; left unchanged',
  configured: 'the one that tunnelTls in gateway.yaml refers to',
} as const;

const isUnspecified = (host: string) => host === '0.0.0.0' || host === '::' || host === '';
